"""Every version of other people's software that the bring-up builds or pulls. Data; `make cluster` reads it.

A version is changed here and nowhere else. Kubernetes itself is a setting (KUBERNETES_VERSION); etcd, CoreDNS and
pause follow from what that version's kubeadm asks for.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Program:
    """Commands built from one Go module. *wrapped*: the module has `replace` lines, which `go install` refuses.

    *main*: a program of ours below `images/` that is built from the module's packages in place of its own command.
    """

    name: str
    module: str
    version: str
    commands: tuple[str, ...]  # import paths below the module; "" is the module itself
    usually: str
    wrapped: bool = False
    ldflags: str = ""
    main: str = ""


def kubernetes(version: str) -> Program:
    """*version* as in "v1.37.2". The version stamp matters: kubeadm compares it with what kind asks for."""
    major, minor, _ = version[1:].split(".")
    stamp = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    flags = " ".join(f"-X k8s.io/component-base/version.{key}={value}" for key, value in stamp.items())
    names = (
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
        "kubectl",
        "kubeadm",
    )
    commands = tuple(f"cmd/{name}" for name in names)
    return Program("kubernetes", "k8s.io/kubernetes", version, commands, "11 min", wrapped=True, ldflags=flags)


def kubectl(version: str) -> Program:
    """kubectl without the rest of Kubernetes, where a stock node image carries the cluster."""
    return replace(kubernetes(version), name="kubectl", commands=("cmd/kubectl",), usually="2 min")


def etcd(version: str) -> Program:
    """*version* as kubeadm names the image's tag, without its build number."""
    return Program("etcd", "go.etcd.io/etcd/server/v3", version, ("",), "45 s", wrapped=True)


KIND = Program("kind", "sigs.k8s.io/kind", "v0.33.0", ("",), "35 s")
HELM = Program("helm", "helm.sh/helm/v4", "v4.3.1", ("cmd/helm",), "2 min")
CONTAINERD = Program(
    "containerd",
    "github.com/containerd/containerd/v2",
    "v2.4.2",
    ("cmd/containerd", "cmd/containerd-shim-runc-v2", "cmd/ctr"),
    "70 s",
)
CNI = Program(
    "cni",
    "github.com/containernetworking/plugins",
    "v1.9.1",
    ("plugins/main/ptp", "plugins/main/loopback", "plugins/ipam/host-local", "plugins/meta/portmap"),
    "10 s",
)
COREDNS = Program(
    "coredns", "github.com/coredns/coredns", "v1.15.0", ("",), "2 min", wrapped=True, main="coredns/main.go"
)
METRICS_SERVER = Program("metrics-server", "sigs.k8s.io/metrics-server", "v0.9.0", ("cmd/metrics-server",), "4 min")
LOCAL_PATH = Program("local-path-provisioner", "github.com/rancher/local-path-provisioner", "v0.0.30", ("",), "70 s")
KWOK = Program("kwok", "sigs.k8s.io/kwok", "v0.8.0", ("cmd/kwok",), "80 s")
KEDA = Program(
    "keda",
    "github.com/kedacore/keda/v2",
    "v2.21.0",
    ("cmd/operator", "cmd/adapter", "cmd/webhooks"),
    "8 min",
    wrapped=True,
)

# What judges the manifests that charts and operator render, and whose kinds they may be besides Kubernetes' and KEDA's.
KUBE_SCORE = Program("kube-score", "github.com/zegl/kube-score", "v1.20.0", ("cmd/kube-score",), "60 s")
KUBECONFORM = Program("kubeconform", "github.com/yannh/kubeconform", "v0.8.0", ("cmd/kubeconform",), "20 s")
PROMETHEUS_OPERATOR = Program(
    "prometheus-operator", "github.com/prometheus-operator/prometheus-operator", "v0.85.0", (), "none is built"
)

# Where the same software comes from on a machine that reaches an image registry.
STOCK_NODE = "kindest/node"
STOCK_GO = "golang:1.26"
STOCK_PROMETHEUS = "prom/prometheus:v3.5.0"
STOCK_PROBE = "busybox:stable"
PYTHON = "3.13"
