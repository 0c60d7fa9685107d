// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"helm.sh/helm/v3/pkg/registry"

	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var shared sandboxtest.Shared

// spoken has what the SDK wrote to the standard logger.
var spoken bytes.Buffer

func TestMain(m *testing.M) {
	log.SetOutput(&spoken)
	code := shared.Main(m)
	if spoken.Len() > 0 {
		fmt.Fprintf(os.Stderr, "helm wrote to the log:\n%s", spoken.String())
		code = max(code, 1)
	}
	os.Exit(code)
}

// testChart is a small chart with the values of kube-prometheus-stack that harmonyscript relies on.
func testChart() map[string]string {
	return map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: kube-prometheus-stack\nversion: 1.2.3\nappVersion: v9\nkubeVersion: \">=1.25.0-0\"\n",
		"values.yaml": `fullnameOverride: ""
cleanPrometheusOperatorObjectNames: false
commonLabels: {}
prometheus:
  enabled: true
  annotations: {}
  prometheusSpec:
    retention: 10d
    sampleLimit: 0
    # scrapeClass: default
alertmanager:
  alertmanagerSpec:
    useExistingSecret: false
global:
  rbac:
    create: true
extra:
  config: true
  second: false
  port: 9090
  hook: ""
  fail: ""
  kind: ""
  text: ""
`,
		"templates/_helpers.tpl": `{{- define "fullname" -}}{{ .Values.fullnameOverride | default .Release.Name }}{{- end }}`,
		"templates/config.yaml": `{{- if .Values.extra.fail }}{{ fail .Values.extra.fail }}{{ end }}
{{- if .Values.extra.config }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "fullname" . }}-config
  annotations:
data:
  retention: {{ .Values.prometheus.prometheusSpec.retention | quote }}
  limit: "{{ .Values.prometheus.prometheusSpec.sampleLimit }}"
  class: {{ .Values.prometheus.prometheusSpec.scrapeClass | default "none" }}
  kubernetes: {{ .Capabilities.KubeVersion.Version }}
  served: "{{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1/ServiceMonitor" }}"
  found: "{{ len (lookup "v1" "Namespace" "" "") }}"
  text: {{ .Values.extra.text | quote }}
{{- end }}
---
{{- if .Values.extra.second }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "fullname" . }}-second
{{- end }}
`,
		"templates/monitor.yaml": `apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitorList
items:
  - apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      name: {{ include "fullname" . }}
    spec:
      sampleLimit: {{ .Values.prometheus.prometheusSpec.sampleLimit }}
      selector:
        matchLabels: {app: prometheus}
      endpoints:
        - port: web
`,
		"templates/service.yaml": `apiVersion: v1
kind: Service
metadata:
  name: {{ include "fullname" . }}-web
spec:
  selector: {app: prometheus}
  ports:
    - name: web
      port: {{ .Values.extra.port }}
`,
		"templates/role.yaml": `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ .Release.Namespace }}-{{ include "fullname" . }}
  namespace: wrong
`,
		"templates/odd.yaml": `{{- if .Values.extra.kind }}
apiVersion: example.org/v1
kind: {{ .Values.extra.kind }}
metadata:
  name: odd
{{- end }}
`,
		"templates/hook.yaml": `{{- if .Values.extra.hook }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "fullname" . }}-hook
  annotations:
    helm.sh/hook: {{ .Values.extra.hook }}
    helm.sh/hook-weight: "3"
spec:
  suspend: true
  template:
    spec:
      restartPolicy: Never
      containers: [{name: work, image: example.org/work:1}]
{{- end }}
`,
		"templates/NOTES.txt": "Thank you.\n",
		"crds/widgets.yaml": `# A definition.
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.org
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object}}
`,
	}
}

// with returns the files with some replaced; empty content removes a file.
func with(files map[string]string, pairs ...string) map[string]string {
	files = maps.Clone(files)
	for i := 0; i < len(pairs); i += 2 {
		if files[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
			delete(files, pairs[i])
		}
	}
	return files
}

// folder writes a chart to a folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "chart")
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// packed makes a .tgz of a chart.
func packed(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	archive := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: "kube-prometheus-stack/" + name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// server is an OCI registry and an HTTP repository with one chart in version 1.2.3.
type server struct {
	*httptest.Server
	archive  atomic.Pointer[[]byte]
	requests atomic.Int32
	// digest, when set, is what the index tells instead of the truth.
	digest string
	// user and password, when set, are asked for.
	user, password string
	// corrupt answers blobs with other bytes.
	corrupt bool
}

func serve(t testing.TB, archive []byte) *server {
	t.Helper()
	s := &server{}
	s.archive.Store(&archive)
	s.Server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.Close)
	return s
}

func (s *server) oci() string {
	return "oci://" + strings.TrimPrefix(s.URL, "http://") + "/charts/kube-prometheus-stack"
}

func (s *server) manifest() []byte {
	archive := *s.archive.Load()
	manifest := ocispec.Manifest{MediaType: ocispec.MediaTypeImageManifest}
	manifest.SchemaVersion = 2
	manifest.Config = ocispec.Descriptor{MediaType: registry.ConfigMediaType, Digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", Size: 2}
	layer := ocispec.Descriptor{MediaType: registry.ChartLayerMediaType, Size: int64(len(archive)), Digest: digest.FromBytes(archive)}
	manifest.Layers = []ocispec.Descriptor{layer}
	content, err := json.Marshal(manifest)
	if err != nil {
		panic(err)
	}
	return content
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	if user, password, _ := r.BasicAuth(); user != s.user || password != s.password {
		w.Header().Set("WWW-Authenticate", `Basic realm="charts"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	archive := *s.archive.Load()
	switch {
	case r.URL.Path == "/v2/charts/kube-prometheus-stack/manifests/1.2.3" || strings.HasPrefix(r.URL.Path, "/v2/charts/kube-prometheus-stack/manifests/sha256:"):
		content := s.manifest()
		w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
		w.Header().Set("Docker-Content-Digest", digestOf(content))
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(content)
		}
	case strings.HasPrefix(r.URL.Path, "/v2/charts/kube-prometheus-stack/blobs/"):
		if s.corrupt {
			archive = bytes.Repeat([]byte("x"), len(archive))
		}
		_, _ = w.Write(archive)
	case r.URL.Path == "/repository/index.yaml":
		listed := strings.TrimPrefix(digestOf(archive), "sha256:")
		if s.digest != "" {
			listed = s.digest
		}
		fmt.Fprintf(w, "apiVersion: v1\nentries:\n  kube-prometheus-stack:\n  - {apiVersion: v2, name: kube-prometheus-stack, version: 1.0.9, urls: [old.tgz]}\n"+
			"  - {apiVersion: v2, name: kube-prometheus-stack, version: 1.2.3, digest: %s, urls: [files/stack-1.2.3.tgz]}\n", listed)
	case r.URL.Path == "/repository/files/stack-1.2.3.tgz":
		_, _ = w.Write(archive)
	case r.URL.Path == "/html/index.yaml":
		fmt.Fprint(w, "<html>Hello</html>")
	case r.URL.Path == "/broken/index.yaml":
		w.WriteHeader(http.StatusBadGateway)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// isolate keeps the credentials of whoever runs the tests out.
func isolate(t testing.TB) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HELM_REGISTRY_CONFIG", filepath.Join(home, "registry.json"))
	t.Setenv("HELM_REPOSITORY_CONFIG", filepath.Join(home, "repositories.yaml"))
	t.Setenv("DOCKER_CONFIG", filepath.Join(home, "docker"))
	return home
}

// releaseOf returns a release of a chart with values.
func releaseOf(t testing.TB, chart score.HelmChart, values map[string]any) backend.Release {
	t.Helper()
	encoded, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return backend.Release{Namespace: "monitoring", Name: "stack", Chart: chart, Values: encoded, Score: `monitoring_stack "monitoring/stack"`, Origin: testOrigin()}
}

// testOrigin is a call with helm_chart in line 2 and helm_values in line 3.
func testOrigin() score.Origin {
	at := func(line, column int) score.Argument {
		return score.Argument{Name: score.Position{File: "a.star", Line: line, Column: 5}, Value: score.Position{File: "a.star", Line: line, Column: column}}
	}
	return score.NewOrigin(&score.CallSite{
		Position: score.Position{File: "a.star", Line: 1, Column: 1},
		Arguments: map[string]score.Argument{
			"helm_chart": at(2, 18), "helm_values": at(3, 19), "helm_values[prometheus]": at(4, 23),
		},
	}, nil)
}

func codes(list diag.List) []string {
	var found []string
	for _, d := range list {
		found = append(found, string(d.Severity)+" "+d.Code)
	}
	return found
}
