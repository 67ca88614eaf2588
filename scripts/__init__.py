"""Commands: each module without a leading underscore has a main()."""
