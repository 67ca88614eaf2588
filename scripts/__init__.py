"""The commands: a module without a leading underscore is one, and has a `main`."""
