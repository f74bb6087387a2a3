#!/usr/bin/env python3
"""Makes docs/report.png, the README's picture of an HTML report.

    scripts/picture.py [MODEL]

Without MODEL it is a frozen MobileNetV2 under a new head, made in the pinned environment of
TensorFlow 2.21. Needs chromium on the PATH; builds the program where that is due.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
# TFCENSUS names a program that is built already.
PROGRAM = os.environ.get("TFCENSUS", ROOT / "scripts" / "run")
PICTURE = ROOT / "docs" / "report.png"
MOST_BYTES = 300_000
INSIDE = "--inside"


def make(folder):
    import tf_keras as keras

    base = keras.applications.MobileNetV2(input_shape=(96, 96, 3), include_top=False, weights=None)
    base.trainable = False
    photo = keras.Input((96, 96, 3), name="photo")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(base(photo, training=False))
    model = keras.Model(photo, keras.layers.Dense(120, name="breeds")(x), name="dogs")
    model.save(folder, save_format="tf")


def main():
    if sys.argv[1:2] == [INSIDE]:
        make(sys.argv[2])
        return
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        sys.exit("chromium is needed")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        model = pathlib.Path(sys.argv[1]) if sys.argv[1:] else folder / "dogs"
        if not sys.argv[1:]:
            sys.path.insert(0, str(ROOT / "tests" / "suite"))
            import environments

            problem = environments.set_up("tf221")
            if problem:
                sys.exit(problem)
            environments.run("tf221", [__file__, INSIDE, model], check=True, capture_output=True)
        page, shot = folder / "report.html", folder / "report.png"
        subprocess.run([PROGRAM, "count", model, "--format", "html", "-o", page], check=True)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1"]
        size = "--window-size=1180,1240"
        subprocess.run(
            [browser, *flags, size, f"--user-data-dir={folder / 'profile'}", f"--screenshot={shot}", page.as_uri()],
            check=True,
            capture_output=True,
            timeout=120,
        )
        if shot.stat().st_size > MOST_BYTES:
            sys.exit(f"the picture has {shot.stat().st_size} bytes, more than {MOST_BYTES}")
        shutil.copyfile(shot, PICTURE)
        print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size} bytes")


main()
