"""The official Python SDK: its handlers behind the service."""

import sys
import unittest

from official import HERE, OfficialSdk, Workflows


class PythonSdk(Workflows, OfficialSdk):
    command = [sys.executable, "-B", str(HERE / "sdk.py")]
    nothing = ["null"]

    def callback_names(self, name):
        return f"{name} create callback id", f"{name} submitter"


if __name__ == "__main__":
    unittest.main()
