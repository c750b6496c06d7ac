"""The official JS SDK: its handlers behind the service."""

import os
import unittest

from official import HERE, OfficialSdk, Workflows

NODE_MODULES = os.environ["DURABLE_NODE_MODULES"]


class JsSdk(Workflows, OfficialSdk):
    command = [NODE_MODULES + "/.bin/node", str(HERE / "sdk.mjs")]
    environment = {"DURABLE_NODE_MODULES": NODE_MODULES}
    separators = (",", ":")

    def callback_names(self, name):
        return "-", "-"


if __name__ == "__main__":
    unittest.main()
