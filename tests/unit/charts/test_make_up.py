"""The values that `make up` gives both charts are values they know; all containers run images of this machine."""

from pathlib import Path

import pytest

from cluster import images, stack
from cluster import settings as environment
from cluster.progress import Progress
from unit.charts.rendered import CHART, OPERATOR, Manifest, Render, named, templates

REFERENCES = {image.name: f"{images.OURS}{image.name}:content" for image in images.IMAGES}


class Recorded:
    """Stands for kind: takes every command and runs none."""

    def __init__(self, folder: Path) -> None:
        self.progress, self.settings = Progress(folder), environment.read()
        self.installs: dict[str, tuple[str, ...]] = {}

    def kubectl(self, *_: str, **__: str) -> str:
        return ""

    def helm(self, *words: str) -> str:
        self.installs[words[2]] = words
        return ""


def test_what_somebody_changed_by_hand_is_made_good_by_the_next_one(tmp_path: Path) -> None:
    """Helm 4 applies on the server: what kubectl took over would be a conflict."""
    kind = Recorded(tmp_path)
    stack.up(kind, REFERENCES)  # type: ignore[arg-type]
    assert set(kind.installs) == {stack.OPERATOR, stack.RELEASE}
    assert all("--force-conflicts" in words for words in kind.installs.values())


@pytest.fixture(scope="module")
def deployed(render: Render) -> list[Manifest]:
    return render(CHART, stack.stack_values(REFERENCES))


def test_every_image_is_one_of_this_machine(render: Render, deployed: list[Manifest]) -> None:
    operator = render(OPERATOR, {"image": stack.image(REFERENCES["operator"]), "watchNamespaces": stack.SERVED})
    for manifests in (deployed, operator):
        for name, template in templates(manifests).items():
            spec = template["spec"]
            for container in [*spec.get("initContainers", []), *spec["containers"]]:
                assert container["image"] in REFERENCES.values(), name


def test_each_component_runs_the_image_of_its_name(deployed: list[Manifest]) -> None:
    components = named(deployed, "UseCase", "demo")["spec"]["components"]
    assert {each["name"]: each["image"] for each in components} == {
        name: REFERENCES[name] for name in stack.COMPONENTS.values()
    }
    api = next(each for each in components if each["name"] == "api")
    assert api["expose"] == {"nodePort": 30080}


def test_the_operator_serves_the_stack_with_rights_of_its_own(render: Render, deployed: list[Manifest]) -> None:
    assert "demo-operator-secrets" not in {m["metadata"]["name"] for m in deployed}
    roles = [
        m["metadata"]["namespace"]
        for m in render(OPERATOR, {"watchNamespaces": stack.SERVED})
        if m["kind"] == "Role" and m["metadata"]["name"] == "demo"
    ]
    assert roles == [stack.NAMESPACE, "default"]


def test_a_token_of_telegrams_takes_the_place_of_the_demo_server(render: Render, deployed: list[Manifest]) -> None:
    real = render(CHART, stack.stack_values(REFERENCES, telegram=True))
    for manifests, secret, demo in ((real, stack.BOT_SECRET, False), (deployed, "demo-secrets", True)):
        components = named(manifests, "UseCase", "demo")["spec"]["components"]
        bot = next(each for each in components if each["name"] == "bot")
        token = next(each["secretRef"] for each in bot["secretEnv"] if each["name"] == "BOT_TOKEN")
        assert token == {"name": secret, "key": "bot-token"}
        assert ("Deployment/demo-bot-api" in templates(manifests)) == demo


def test_an_image_of_the_api_that_can_not_be_pulled_stops_no_uninstall(render: Render) -> None:
    values = stack.stack_values(REFERENCES)
    values["api"]["image"] = {"tag": "no-such-tag"}
    hook = templates(render(CHART, values))["Job/demo-uninstall"]["spec"]["containers"][0]
    assert hook["image"] == REFERENCES["api"]


def test_an_official_mongodb_has_a_login(render: Render) -> None:
    official = {**REFERENCES, "mongodb": "mongo:8"}
    assert "auth" not in stack.backend_values(official)["mongodb"]
    assert stack.backend_values(REFERENCES)["mongodb"]["auth"] == {"enabled": False}
