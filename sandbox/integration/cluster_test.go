// SPDX-License-Identifier: Apache-2.0

//go:build unix

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// One sandbox, everything that it promises.
func TestCluster(t *testing.T) {
	s := newSandbox(t)
	started := s.up()
	s.assertRunning()
	if started.KubernetesVersion != "v1.37.2" || started.Nodes != "simulated" || !strings.HasPrefix(started.Server, "https://127.0.0.1:") {
		t.Errorf("got version %q, nodes %q, server %q", started.KubernetesVersion, started.Nodes, started.Server)
	}
	if _, err := fs.Stat(os.DirFS(s.folder), "kubeconfig"); err != nil || started.Kubeconfig != filepath.Join(s.folder, "kubeconfig") {
		t.Errorf("got kubeconfig %q, %v", started.Kubeconfig, err)
	}
	t.Run("files are private", s.filesArePrivate)
	t.Run("listens on loopback only", s.listensOnLoopbackOnly)
	t.Run("etcd needs a certificate", s.etcdNeedsACertificate)
	client, err := kubernetes.NewForConfig(s.client())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("nodes", func(t *testing.T) { nodes(t, client, started.NodeNames) })
	t.Run("tokens and rights", func(t *testing.T) { s.tokensAndRights(t, client) })
	t.Run("quotas", func(t *testing.T) { s.quotas(t, client) })
	t.Run("operators are confined", s.operatorsAreConfined)
	t.Run("monitoring", func(t *testing.T) { s.monitoring(t, client) })
	t.Run("monitoring stack", func(t *testing.T) { s.monitoringStack(t, client) })
	t.Run("operators tell their metrics", s.operatorsTellTheirMetrics)
}

func (s *sandbox) filesArePrivate(t *testing.T) {
	count := 0
	err := filepath.WalkDir(s.folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != s.folder {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // whoever wrote it has removed it, or given it its name, since
		}
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: got mode %v, want nothing for others", path, info.Mode())
		}
		count++
		return nil
	})
	if err != nil || count < 30 {
		t.Errorf("got %d files, %v, want all of a sandbox's", count, err)
	}
}

// listensOnLoopbackOnly looks at every listening socket of every process of the sandbox.
func (s *sandbox) listensOnLoopbackOnly(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it reads /proc")
	}
	sockets := listening(t)
	link := regexp.MustCompile(`^socket:\[(\d+)\]$`)
	found := 0
	for identity, name := range s.seen {
		folder := fmt.Sprintf("/proc/%d/fd", identity.PID)
		descriptors, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, descriptor := range descriptors {
			target, err := os.Readlink(filepath.Join(folder, descriptor.Name()))
			if err != nil {
				continue // closed meanwhile
			}
			if match := link.FindStringSubmatch(target); match != nil {
				if address, listens := sockets[match[1]]; listens {
					found++
					if address != "0100007F" { // 127.0.0.1 in the byte order of /proc
						t.Errorf("%s listens on %s", name, address)
					}
				}
			}
		}
	}
	if found != 9 {
		t.Errorf("got %d listening sockets, want 9: two of etcd and one of each of the other components", found)
	}
}

// listening maps the inode of every listening TCP socket to its address in hexadecimal.
func listening(t *testing.T) map[string]string {
	t.Helper()
	sockets := map[string]string{}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(content), "\n") {
			fields := strings.Fields(line)
			const listen = "0A"
			if len(fields) > 9 && fields[3] == listen {
				address, _, _ := strings.Cut(fields[1], ":")
				sockets[fields[9]] = address
			}
		}
	}
	return sockets
}

func (s *sandbox) etcdNeedsACertificate(t *testing.T) {
	stored, _ := s.stored()
	sockets := listening(t)
	for _, component := range stored.Components {
		if component.Name != "etcd" {
			continue
		}
		arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", component.PID))
		if err != nil {
			t.Skip("it reads /proc")
		}
		for _, argument := range strings.Split(string(arguments), "\x00") {
			if address, found := strings.CutPrefix(argument, "--listen-client-urls=https://"); found {
				config := rest.Config{Host: "https://" + address, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
				client, err := rest.HTTPClientFor(&config)
				if err != nil {
					t.Fatal(err)
				}
				response, err := client.Get("https://" + address + "/version")
				if err == nil {
					_ = response.Body.Close()
					t.Errorf("got %s from etcd without a certificate", response.Status)
				}
				if _, err := net.Dial("tcp", address); err != nil {
					t.Errorf("etcd is not there at all: %v", err)
				}
				return
			}
		}
	}
	t.Errorf("found no etcd among %d sockets", len(sockets))
}

func nodes(t *testing.T, client *kubernetes.Clientset, names []string) {
	list, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 3 || len(names) != 3 {
		t.Fatalf("got %d nodes and names %v, %v, want 3", len(list.Items), names, err)
	}
	hostnames := map[string]bool{}
	for _, node := range list.Items {
		hostnames[node.Labels["kubernetes.io/hostname"]] = true
		if len(node.Spec.Taints) != 0 {
			t.Errorf("%s: got taints %v", node.Name, node.Spec.Taints)
		}
	}
	if len(hostnames) != 3 {
		t.Errorf("got hostnames %v, want three different ones", hostnames)
	}
}

// tokensAndRights asks for a service account's token, and uses it.
func (s *sandbox) tokensAndRights(t *testing.T, client *kubernetes.Clientset) {
	namespace := makeNamespace(t, client, "rights")
	token, err := client.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), "default", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(s.client())
	config.BearerToken = token.Status.Token
	account, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	review, err := account.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil || review.Status.UserInfo.Username != "system:serviceaccount:rights:default" {
		t.Errorf("got %q, %v", review.Status.UserInfo.Username, err)
	}
	if _, err := account.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a service account without rights lists secrets: got %v", err)
	}
	anonymous, err := kubernetes.NewForConfig(rest.AnonymousClientConfig(s.client()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := anonymous.Discovery().ServerVersion(); !apierrors.IsUnauthorized(err) {
		t.Errorf("without credentials: got %v, want unauthorized", err)
	}
	if err := client.CoreV1().Namespaces().Delete(t.Context(), namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.await("the end of a namespace", func() bool {
		_, err := client.CoreV1().Namespaces().Get(context.Background(), namespace, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
}

func makeNamespace(t *testing.T, client *kubernetes.Clientset, name string) string {
	t.Helper()
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := client.CoreV1().ServiceAccounts(name).Get(t.Context(), "default", metav1.GetOptions{}); err == nil {
			return name
		} else if t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
}

func (s *sandbox) quotas(t *testing.T, client *kubernetes.Clientset) {
	namespace := makeNamespace(t, client, "quota")
	_, err := client.CoreV1().ResourceQuotas(namespace).Create(t.Context(), &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "small"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourceConfigMaps: resource.MustParse("2")}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// One ConfigMap, with the authority's certificate, is made by the controller manager. How many are made before the controller of quotas has counted
	// for the first time, and the API server has learnt of that, is a matter of luck.
	number := 0
	s.await("the quota to be in force", func() bool {
		number++
		_, err := client.CoreV1().ConfigMaps(namespace).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c" + strconv.Itoa(number)}}, metav1.CreateOptions{})
		return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota")
	})
}

const monitoringGroup = "monitoring.coreos.com"

// monitoring makes the smallest stack, and waits until the real operator calls it available and reconciled.
func (s *sandbox) monitoring(t *testing.T, client *kubernetes.Clientset) {
	namespace := makeNamespace(t, client, "monitoring")
	objects, err := dynamic.NewForConfig(s.client())
	if err != nil {
		t.Fatal(err)
	}
	for kind, plural := range map[string]string{"Prometheus": "prometheuses", "Alertmanager": "alertmanagers"} {
		resource := objects.Resource(schema.GroupVersionResource{Group: monitoringGroup, Version: "v1", Resource: plural}).Namespace(namespace)
		object := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": monitoringGroup + "/v1", "kind": kind,
			"metadata": map[string]any{"name": "main"},
			"spec": map[string]any{
				"replicas": int64(2),
				"storage": map[string]any{"volumeClaimTemplate": map[string]any{"spec": map[string]any{
					"resources": map[string]any{"requests": map[string]any{"storage": "1Gi"}},
				}}},
			},
		}}
		if _, err := resource.Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		s.awaitConditions(resource, "main", "Available", "Reconciled")
	}
	claims, err := client.CoreV1().PersistentVolumeClaims(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(claims.Items) != 4 {
		t.Fatalf("got %d claims, %v, want 4", len(claims.Items), err)
	}
	pods, err := client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(pods.Items) != 4 {
		t.Fatalf("got %d pods, %v, want 4", len(pods.Items), err)
	}
	log, err := client.CoreV1().Pods(namespace).GetLogs("prometheus-main-0", &corev1.PodLogOptions{Container: "prometheus"}).DoRaw(t.Context())
	if err != nil || !strings.Contains(string(log), "simulated") {
		t.Errorf("the log of a simulated pod: got %q, %v, want that it says so", log, err)
	}
}

func (s *sandbox) operatorsTellTheirMetrics(t *testing.T) {
	stored, _ := s.stored()
	// Each has a metric of its own, so that no other server can have answered.
	want := map[string]string{
		"prometheus-operator":     "prometheus_operator_managed_resources",
		"obo-prometheus-operator": "prometheus_operator_managed_resources",
		"observability-operator":  `controller_runtime_reconcile_total{controller="monitoringstack"`,
	}
	for _, component := range stored.Components {
		metric, isOperator := want[component.Name]
		if !isOperator {
			continue
		}
		delete(want, component.Name)
		response, err := http.Get(component.URL + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(content), metric) {
			t.Errorf("%s: got %s, %v, want the metric %s", component.Name, response.Status, err, metric)
		}
	}
	if len(want) > 0 {
		t.Errorf("not there: %v", want)
	}
}
