"""The everyday commands of kubectl, in each version."""

from tests.apiserver.real_clients.test_kubectl import *  # noqa: F403 - its tests are run again here, with other fixtures
