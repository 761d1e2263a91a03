#!/usr/bin/env python3
"""Packs a program with all the libraries it needs, the C library and its loader included, as a Lambda function.

The zip holds `bootstrap`, `lib/`, `certificates.pem` and the further files. The same inputs give the same bytes. Only
the compiler and binutils are asked, so that packages for another processor are made in the same way.

A library that is never called can be replaced by a stand-in of the same name and with the same symbols, each of which
ends the process. Debian's libpq and libcurl can ask LDAP directories and stream RTMP; what that needs, a second TLS
library among it, would be a quarter of a package.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def needed(readelf: str, file: Path) -> list[str]:
    return re.findall(r"\(NEEDED\).*\[(.+)\]", run(readelf, "--wide", "--dynamic", str(file)))


def find_library(compiler: str, name: str) -> Path:
    path = Path(run(compiler, f"-print-file-name={name}").strip())
    if not path.is_absolute():  # the compiler repeats a name that it does not know
        sys.exit(f"package.py: {compiler} finds no {name}")
    return path.resolve()


def libraries(program: Path, compiler: str, readelf: str, loader: str, without: set[str]) -> dict[str, Path]:
    """All that the loader will load, and the loader, by the name that it is looked for under; but not those in
    `without` nor what only they need."""
    found = {loader: find_library(compiler, loader)}
    waiting = needed(readelf, program)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in without:
            found[name] = find_library(compiler, name)
            waiting += needed(readelf, found[name])
    return found


def symbols_of(readelf: str, library: Path) -> dict[str, str]:
    """The symbols that a library defines -> their versions, "" for none."""
    rows = (line.split() for line in run(readelf, "--wide", "--dyn-syms", str(library)).splitlines())
    defined = (row[7] for row in rows if len(row) >= 8 and row[4] in ("GLOBAL", "WEAK") and row[6] not in ("UND", "ABS"))
    return dict((name, version) for name, _, version in (symbol.replace("@@", "@").partition("@") for symbol in defined))


def stand_in(compiler: str, readelf: str, name: str, directory: Path) -> Path:
    symbols = symbols_of(readelf, find_library(compiler, name))
    source, versions, out = directory / "stand_in.c", directory / "stand_in.map", directory / name
    source.write_text("".join(f"void {symbol}(void) {{ __builtin_trap(); }}\n" for symbol in sorted(symbols)))
    versions.write_text("".join(
        f"{version} {{ global: {' '.join(f'{each};' for each in sorted(symbols) if symbols[each] == version)} }};\n"
        for version in sorted(set(symbols.values()) - {""})))
    script = [f"-Wl,--version-script={versions}"] if versions.read_text() else []
    run(compiler, "-x", "c", "-w", "-fno-builtin", "-Os", "-shared", "-fPIC", "-nostdlib", f"-Wl,-soname,{name}",
        *script, "-o", str(out), str(source))
    return out


def stripped(strip: str, file: Path, directory: Path) -> bytes:
    out = directory / f"stripped-{file.name}"
    run(strip, "--strip-unneeded", "-o", str(out), str(file))
    return out.read_bytes()


def write_zip(path: Path, files: dict[str, tuple[bytes, int]]) -> None:
    """`files`: name -> content and permissions. Takes the place of `path` only when it is whole."""
    partial = path.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for name, (content, mode) in sorted(files.items()):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, so that the permissions count
            info.external_attr = (0o100000 | mode) << 16
            out.writestr(info, content)
    partial.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path)
    parser.add_argument("files", type=Path, nargs="*", help="further files, put beside it")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--loader", required=True, help="the dynamic loader's file name")
    parser.add_argument("--certificates", default="", help="PEM files, separated by ';'")
    parser.add_argument("--without", action="append", default=[], help="a library to replace by a stand-in")
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("--readelf", default="readelf")
    parser.add_argument("--strip", default="strip")
    arguments = parser.parse_args()

    files = {file.name: (file.read_bytes(), 0o644) for file in arguments.files}
    certificates = [Path(file) for file in arguments.certificates.split(";") if file]
    for missing in (file for file in certificates if not file.exists()):
        sys.exit(f"package.py: no certificates at {missing}: install ca-certificates, or set "
                 "ORDERFLOW_LAMBDA_CERTIFICATES (CMake) to a PEM file")
    if certificates:
        files["certificates.pem"] = (b"".join(file.read_bytes() for file in certificates), 0o644)
    with tempfile.TemporaryDirectory() as name_of_directory:
        directory = Path(name_of_directory)
        found = libraries(arguments.program, arguments.compiler, arguments.readelf, arguments.loader,
                          set(arguments.without))
        wanted = {name for path in [arguments.program, *found.values()] for name in needed(arguments.readelf, path)}
        for name in sorted(wanted & set(arguments.without)):
            found[name] = stand_in(arguments.compiler, arguments.readelf, name, directory)
        files["bootstrap"] = (stripped(arguments.strip, arguments.program, directory), 0o755)
        for name, path in found.items():
            files[f"lib/{name}"] = (stripped(arguments.strip, path, directory), 0o755)
    write_zip(arguments.output, files)


if __name__ == "__main__":
    main()
