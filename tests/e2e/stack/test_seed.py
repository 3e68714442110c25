"""The seed's two tests of the whole, against the stack that `make up` installed: the API over the host's port.

Both are written once, in `integration/services/test_integration.py`; here they get other addresses.
"""

from collections.abc import Iterator

import httpx
import pytest

from e2e.stack.deployed import Deployed
from integration.services.stack.addresses import Addresses
from integration.services.test_integration import (
    TestTaskManagementIntegration,
    TestTaskManagementLoad,
    api_client,
    create_concurrently,
    mongo_service,
    postgres_service,
)

__all__ = [
    "TestTaskManagementIntegration",
    "TestTaskManagementLoad",
    "api_client",
    "mongo_service",
    "postgres_service",
]

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def where(deployed: Deployed) -> Iterator[Addresses]:
    """The data services by port-forwards, since no policy lets anybody but their users in."""
    with (
        deployed.forward("service/postgres-data", 8001) as postgres_data,
        deployed.forward("service/mongo-data", 8002) as mongo_data,
        deployed.broker() as rabbitmq,
    ):
        yield Addresses(
            deployed.api,
            f"http://127.0.0.1:{postgres_data}",
            f"http://127.0.0.1:{mongo_data}",
            rabbitmq,
            deployed.secret("secrets")["internal-token"],
        )


@pytest.fixture(autouse=True)
async def warm(deployed: Deployed) -> None:
    """No pod's very first requests are measured: after an install all of them would be."""
    async with httpx.AsyncClient(base_url=deployed.api, timeout=30, trust_env=False) as api:
        await create_concurrently(api)
