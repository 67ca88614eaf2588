"""Installed plug-ins, as an installer leaves them, for this process and its children."""

import os


def plant(problem, sources, folder, monkeypatch):
    """Install modules with these sources as implementations of a problem."""
    metadata = folder / "planted-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    entries = [f"{name} = planted_{name}" for name in sources]
    text = "\n".join([f"[gradmark.{problem}]", *entries, ""])
    (metadata / "entry_points.txt").write_text(text)
    for name, source in sources.items():
        (folder / f"planted_{name}.py").write_text(source)
    monkeypatch.syspath_prepend(folder)
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
