"""Makes cases of the suite: `python make_cases.py KIND/CASE=FOLDER...` in the environment's Python.

TensorFlow is imported once, which takes long. Each case then runs in a process of its own, so that
none can change what another one makes, and one that crashes or hangs takes nothing with it. For each
case its folder gets `model/` and `expected.json`, or `failed.txt`.
"""

import importlib
import json
import os
import shutil
import signal
import sys
import traceback

# Only imported here; the first operation would start threads, which no child inherits.
import frameworks

SECONDS = 300


def make(kind, name, folder):
    tf = frameworks.tf
    if frameworks.VERSION >= (2, 4):
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    function = getattr(importlib.import_module("cases." + kind), name)
    model = os.path.join(folder, "model")
    expected = {"description": function.__doc__.strip().split("\n")[0]}
    expected.update(function(model))
    expected["made_with"] = {"tensorflow": tf.__version__}
    for module in ("keras", "tf_keras", "tensorflow_hub"):
        if module in sys.modules:
            expected["made_with"][module] = getattr(sys.modules[module], "__version__", None)
    # Written last and in one step: a case is made when this file is there.
    unfinished = os.path.join(folder, "expected.json.unfinished")
    with open(unfinished, "w") as out:
        json.dump(expected, out, indent=1)
    os.rename(unfinished, os.path.join(folder, "expected.json"))


def in_child(kind, name, folder):
    """Runs `make` in a forked process. Returns None, or why it failed."""
    log = os.path.join(folder, "failed.txt")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(SECONDS)
            with open(log, "w") as out:
                os.dup2(out.fileno(), 1)
                os.dup2(out.fileno(), 2)
            make(kind, name, folder)
            status = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            # No clean-up of TensorFlow's: it may hang in a forked process, and the files are closed.
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if status == 0:
        os.remove(log)
        return None
    if os.WIFSIGNALED(status):
        with open(log, "a") as out:
            out.write("\nended by signal %d\n" % os.WTERMSIG(status))
    return log


def main():
    for wanted in sys.argv[1:]:
        case, folder = wanted.split("=", 1)
        kind, name = case.split("/")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        failed = in_child(kind, name, folder)
        print("%s %s" % ("FAILED" if failed else "made", case), flush=True)


main()
