package deploy

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// manifests are what a folder makes, in Kubernetes' own types.
type manifests struct {
	deployments     []appsv1.Deployment
	statefulSets    []appsv1.StatefulSet
	services        []corev1.Service
	accounts        []corev1.ServiceAccount
	policies        []networkingv1.NetworkPolicy
	budgets         []policyv1.PodDisruptionBudget
	names           []string
	withNamespace   []string
	kindsNotHandled []string
}

// build makes what kubectl apply --kustomize would, and refuses fields that Kubernetes does not know.
func build(t *testing.T, variant string) *manifests {
	t.Helper()
	path := kustomization(t, variant)
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), path)
	if err != nil {
		t.Fatalf("build %s: %v", path, err)
	}
	m := &manifests{}
	for _, one := range made.Resources() {
		m.names = append(m.names, one.GetKind()+"/"+one.GetName())
		if one.GetNamespace() != "" {
			m.withNamespace = append(m.withNamespace, one.GetName())
		}
		m.read(t, one)
	}
	return m
}

// kustomization is the folder of a variant. One with TLS is made as docs/deploy says.
func kustomization(t *testing.T, variant string) string {
	t.Helper()
	plain, withTLS := strings.CutSuffix(variant, " with TLS")
	kubernetes := filepath.Join(folder, "kubernetes")
	if !withTLS {
		return filepath.Join(kubernetes, plain)
	}
	made := t.TempDir()
	here, err := filepath.Abs(kubernetes)
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(made, here)
	if err != nil {
		t.Fatal(err)
	}
	content := fmt.Sprintf("resources: [%[1]s/%[2]s]\ncomponents: [%[1]s/tls]\n", filepath.ToSlash(relative), plain)
	if err := os.WriteFile(filepath.Join(made, "kustomization.yaml"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return made
}

func (m *manifests) read(t *testing.T, one *resource.Resource) {
	t.Helper()
	switch kind := one.GetApiVersion() + "/" + one.GetKind(); kind {
	case "apps/v1/Deployment":
		m.deployments = append(m.deployments, strict[appsv1.Deployment](t, one))
	case "apps/v1/StatefulSet":
		m.statefulSets = append(m.statefulSets, strict[appsv1.StatefulSet](t, one))
	case "v1/Service":
		m.services = append(m.services, strict[corev1.Service](t, one))
	case "v1/ServiceAccount":
		m.accounts = append(m.accounts, strict[corev1.ServiceAccount](t, one))
	case "networking.k8s.io/v1/NetworkPolicy":
		m.policies = append(m.policies, strict[networkingv1.NetworkPolicy](t, one))
	case "policy/v1/PodDisruptionBudget":
		m.budgets = append(m.budgets, strict[policyv1.PodDisruptionBudget](t, one))
	default:
		m.kindsNotHandled = append(m.kindsNotHandled, kind)
	}
}

func strict[T any](t *testing.T, one *resource.Resource) T {
	t.Helper()
	var typed T
	text, err := one.AsYAML()
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, &typed); err != nil {
		t.Fatalf("%s: %v", one.GetName(), err)
	}
	return typed
}

// workload is what runs pods.
type workload struct {
	replicas int32
	selector *metav1.LabelSelector
	template corev1.PodTemplateSpec
}

func (m *manifests) workload(t *testing.T) workload {
	t.Helper()
	switch {
	case len(m.deployments) == 1 && len(m.statefulSets) == 0:
		d := m.deployments[0].Spec
		return workload{*d.Replicas, d.Selector, d.Template}
	case len(m.deployments) == 0 && len(m.statefulSets) == 1:
		s := m.statefulSets[0].Spec
		return workload{*s.Replicas, s.Selector, s.Template}
	default:
		t.Fatalf("there is not one workload, but %v", m.names)
		return workload{}
	}
}

var variants = []string{"mongodb", "sqlite", "mongodb with TLS", "sqlite with TLS"}

func TestManifestsAreWhatKubernetesKnows(t *testing.T) {
	for _, variant := range variants {
		t.Run(variant, func(t *testing.T) {
			m := build(t, variant)
			if len(m.kindsNotHandled) != 0 {
				t.Errorf("no test looks at %v", m.kindsNotHandled)
			}
			if len(m.withNamespace) != 0 {
				t.Errorf("%v name a namespace", m.withNamespace)
			}
			if slices.Sort(m.names); len(slices.Compact(slices.Clone(m.names))) != len(m.names) {
				t.Errorf("a name is there twice: %v", m.names)
			}
		})
	}
}

// TestPodsAreRestricted asks Kubernetes' own admission whether the pods keep to the strictest of its standards.
func TestPodsAreRestricted(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, variant := range variants {
		t.Run(variant, func(t *testing.T) {
			template := build(t, variant).workload(t).template
			for _, result := range evaluator.EvaluatePod(api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &template.ObjectMeta, &template.Spec) {
				if !result.Allowed {
					t.Errorf("%s: %s", result.ForbiddenReason, result.ForbiddenDetail)
				}
			}
			for _, container := range template.Spec.Containers {
				if context := container.SecurityContext; context.ReadOnlyRootFilesystem == nil || !*context.ReadOnlyRootFilesystem {
					t.Errorf("%s may write to its root", container.Name)
				}
			}
		})
	}
}

// TestPodsGetNoToken wants that who takes over a pod has no say in the cluster.
func TestPodsGetNoToken(t *testing.T) {
	for _, variant := range variants {
		t.Run(variant, func(t *testing.T) {
			m := build(t, variant)
			spec := m.workload(t).template.Spec
			if len(m.accounts) != 1 || spec.ServiceAccountName != m.accounts[0].Name {
				t.Errorf("the pods run as %q, and the accounts are %v", spec.ServiceAccountName, m.accounts)
			}
			if mounts := spec.AutomountServiceAccountToken; mounts == nil || *mounts {
				t.Error("the pods get a token")
			}
			if mounts := m.accounts[0].AutomountServiceAccountToken; mounts == nil || *mounts {
				t.Error("the account gives pods a token")
			}
		})
	}
}

func TestEverythingSelectsThePods(t *testing.T) {
	for _, variant := range variants {
		t.Run(variant, func(t *testing.T) {
			m := build(t, variant)
			work := m.workload(t)
			pods, ports := labels.Set(work.template.Labels), portsOf(work.template)
			selectors := map[string]*metav1.LabelSelector{"workload": work.selector}
			for _, one := range m.policies {
				selectors[one.Name] = &one.Spec.PodSelector
			}
			for _, one := range m.budgets {
				selectors[one.Name] = one.Spec.Selector
			}
			for _, one := range m.services {
				selectors[one.Name] = metav1.SetAsLabelSelector(one.Spec.Selector)
				for _, port := range one.Spec.Ports {
					if ports[port.TargetPort.String()] != port.Port {
						t.Errorf("the port %s of the service %s leads to none of %v", port.Name, one.Name, ports)
					}
				}
			}
			for name, selector := range selectors {
				selects, err := metav1.LabelSelectorAsSelector(selector)
				if err != nil || selects.Empty() || !selects.Matches(pods) {
					t.Errorf("%s does not select the pods %v: %v %v", name, pods, selects, err)
				}
			}
		})
	}
}

func portsOf(template corev1.PodTemplateSpec) map[string]int32 {
	ports := map[string]int32{}
	for _, container := range template.Spec.Containers {
		for _, port := range container.Ports {
			ports[port.Name] = port.ContainerPort
		}
	}
	return ports
}

// TestPodsHaveTimeToStop holds the times of stopping against one another.
func TestPodsHaveTimeToStop(t *testing.T) {
	for _, variant := range variants {
		t.Run(variant, func(t *testing.T) {
			spec := build(t, variant).workload(t).template.Spec
			grace := time.Duration(*spec.TerminationGracePeriodSeconds) * time.Second
			shutdown := setting(t, spec.Containers[0], "DEBRIEF_SHUTDOWN_TIMEOUT", "20s")
			drain := setting(t, spec.Containers[0], "DEBRIEF_DRAIN_DELAY", "0s")
			if grace < shutdown+5*time.Second {
				t.Errorf("the grace period is %v, and stopping takes %v", grace, shutdown)
			}
			if drain > shutdown/2 {
				t.Errorf("the drain delay is %v, and stopping takes %v", drain, shutdown)
			}
		})
	}
}

func setting(t *testing.T, container corev1.Container, name, otherwise string) time.Duration {
	t.Helper()
	if value := variableOf(container, name); value != "" {
		otherwise = value
	}
	duration, err := time.ParseDuration(otherwise)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return duration
}

func TestPodsAreAskedWhatHealthMeans(t *testing.T) {
	for _, variant := range variants {
		t.Run(variant, func(t *testing.T) {
			container := build(t, variant).workload(t).template.Spec.Containers[0]
			scheme := corev1.URIScheme("")
			if strings.HasSuffix(variant, "TLS") {
				scheme = corev1.URISchemeHTTPS
			}
			for want, probe := range map[string]*corev1.Probe{
				"/healthz startup":  container.StartupProbe,
				"/healthz liveness": container.LivenessProbe,
				"/readyz readiness": container.ReadinessProbe,
			} {
				path, name, _ := strings.Cut(want, " ")
				if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path ||
					probe.HTTPGet.Port != intstr.FromString("http") || probe.HTTPGet.Scheme != scheme {
					t.Errorf("the %s probe is %v, want %s", name, probe, path)
				}
			}
			request, limit := container.Resources.Requests, container.Resources.Limits
			if request.Cpu().IsZero() || request.Memory().IsZero() || limit.Memory().IsZero() || !limit.Cpu().IsZero() {
				t.Errorf("the resources are %v", container.Resources)
			}
		})
	}
}

// TestReplicas wants as many as the store serves.
func TestReplicas(t *testing.T) {
	several, one := build(t, "mongodb"), build(t, "sqlite")
	if work := several.workload(t); work.replicas < 2 || len(several.budgets) != 1 || len(work.template.Spec.TopologySpreadConstraints) == 0 {
		t.Errorf("on MongoDB there are %d replicas, and the budgets are %v", work.replicas, several.budgets)
	}
	if work := one.workload(t); work.replicas != 1 || len(one.statefulSets[0].Spec.VolumeClaimTemplates) != 1 {
		t.Errorf("on SQLite there are %d replicas", work.replicas)
	}
}

// TestCertificateIsWhereItIsLookedFor wants the variables to name files of the secret that is mounted.
func TestCertificateIsWhereItIsLookedFor(t *testing.T) {
	for _, variant := range []string{"mongodb with TLS", "sqlite with TLS"} {
		t.Run(variant, func(t *testing.T) {
			spec := build(t, variant).workload(t).template.Spec
			at := slices.IndexFunc(spec.Volumes, func(volume corev1.Volume) bool { return volume.Secret != nil })
			if at < 0 || len(spec.Containers) != 1 {
				t.Fatalf("the volumes are %v", spec.Volumes)
			}
			mounts := spec.Containers[0].VolumeMounts
			mount := slices.IndexFunc(mounts, func(mount corev1.VolumeMount) bool { return mount.Name == spec.Volumes[at].Name })
			if mount < 0 {
				t.Fatalf("the mounts are %v", mounts)
			}
			for name, file := range map[string]string{"DEBRIEF_TLS_CERT": "tls.crt", "DEBRIEF_TLS_KEY": "tls.key"} {
				if got, want := variableOf(spec.Containers[0], name), mounts[mount].MountPath+"/"+file; got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

func variableOf(container corev1.Container, name string) string {
	at := slices.IndexFunc(container.Env, func(variable corev1.EnvVar) bool { return variable.Name == name })
	if at < 0 {
		return ""
	}
	return container.Env[at].Value
}

// TestServerTakesTheVariables starts a server with the variables of the pods: one that it does not know, or that makes no sense,
// would end it.
func TestServerTakesTheVariables(t *testing.T) {
	for _, variant := range variants {
		t.Run(variant, func(t *testing.T) {
			files := certificate(t)
			var variables []string
			for _, variable := range build(t, variant).workload(t).template.Spec.Containers[0].Env {
				if variable.Name != "DEBRIEF_STORE" {
					variables = append(variables, variable.Name+"="+strings.Replace(variable.Value, "/tls/", files+"/", 1))
				}
			}
			startServer(t, variables...).get(t, "/readyz")
		})
	}
}
