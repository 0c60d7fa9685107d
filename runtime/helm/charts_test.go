// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// TestSources renders the same chart from everywhere it can come from, then from the cache alone.
func TestSources(t *testing.T) {
	isolate(t)
	archive := packed(t, testChart())
	s := serve(t, archive)
	directory := folder(t, testChart())
	file := filepath.Join(t.TempDir(), "stack.tgz")
	if err := os.WriteFile(file, archive, 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(directory, link); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		chart  score.HelmChart
		remote bool
	}{
		{"registry", score.HelmChart{Repository: s.oci(), Version: "1.2.3"}, true},
		{"registry, digest of the archive", score.HelmChart{Repository: s.oci(), Version: "1.2.3", Digest: digestOf(archive)}, true},
		{"registry, digest that helm pull prints", score.HelmChart{Repository: s.oci(), Version: "1.2.3", Digest: digestOf(s.manifest())}, true},
		{"repository", score.HelmChart{Repository: s.URL + "/repository/", Version: "1.2.3"}, true},
		{"archive", score.HelmChart{Path: file, Version: "1.2.3", Digest: digestOf(archive)}, false},
		{"folder", score.HelmChart{Path: directory}, false},
		{"folder behind a link", score.HelmChart{Path: link}, false},
		{"relative folder", score.HelmChart{Path: "chart"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := ChartOptions{Cache: t.TempDir(), Folder: filepath.Dir(directory), PlainHTTP: true}
			release := releaseOf(t, test.chart, nil)
			rendered, problems := NewCharts(options).Render(context.Background(), release, Target{})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if rendered.Chart.Name != "kube-prometheus-stack" || rendered.Chart.Version != "1.2.3" || rendered.Chart.AppVersion != "v9" || !isDigest(rendered.Chart.Digest) {
				t.Errorf("got %+v", rendered.Chart)
			}
			if len(rendered.Objects) != 4 {
				t.Errorf("got %d objects, want 4", len(rendered.Objects))
			}
			before := s.requests.Load()
			options.Offline = true
			again, problems := NewCharts(options).Render(context.Background(), release, Target{})
			if len(problems) > 0 {
				t.Fatalf("from the cache: %v", problems)
			}
			if got := s.requests.Load(); got != before {
				t.Errorf("the second run sent %d requests", got-before)
			}
			if fmt.Sprint(again.Objects) != fmt.Sprint(rendered.Objects) || again.Chart != rendered.Chart {
				t.Error("the second run rendered something else")
			}
		})
	}
}

func TestDefaultChart(t *testing.T) {
	t.Parallel()
	mirror := score.HelmChart{Repository: "oci://mirror.example.org/stack", Version: "7.0.0", Digest: "sha256:m"}
	for _, test := range []struct {
		name   string
		preset score.HelmChart
		chart  score.HelmChart
		want   string
	}{
		{"none", score.HelmChart{}, score.HelmChart{}, DefaultRepository + " " + DefaultVersion + " "},
		{"only a version", score.HelmChart{}, score.HelmChart{Version: "80.0.0"}, DefaultRepository + " 80.0.0 "},
		{"a mirror", mirror, score.HelmChart{}, "oci://mirror.example.org/stack 7.0.0 sha256:m"},
		// The digest belongs to the mirror's version.
		{"a mirror and a version", mirror, score.HelmChart{Version: "8.0.0"}, "oci://mirror.example.org/stack 8.0.0 "},
		{"the script's own", mirror, score.HelmChart{Repository: "oci://other/x", Version: "1.0.0"}, "oci://other/x 1.0.0 "},
	} {
		got := NewCharts(ChartOptions{Default: test.preset}).source(test.chart)
		if text := got.repository + " " + got.version + " " + got.digest; text != test.want {
			t.Errorf("%s: got %q, want %q", test.name, text, test.want)
		}
	}
}

// TestBadSources expects of each thing that can be wrong with a source its own code, place and fix.
func TestBadSources(t *testing.T) {
	isolate(t)
	archive := packed(t, testChart())
	s := serve(t, archive)
	corrupt := serve(t, archive)
	corrupt.corrupt = true
	lying := serve(t, archive)
	lying.digest = strings.Repeat("0", 64)
	private := serve(t, archive)
	private.user, private.password = "ada", "lovelace"
	// A port of one's own that was closed may be another program's by now.
	const down = "127.0.0.1:1"
	dir := t.TempDir()
	for name, content := range map[string]string{"text.tgz": "hello", "cut.tgz": string(archive[:len(archive)/2]), "empty.tgz": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	other := "sha256:" + strings.Repeat("a", 64)
	dependency := "\ndependencies:\n- {name: grafana, version: 1.0.0, repository: https://example.org}\n"
	for _, test := range []struct {
		name  string
		chart score.HelmChart
		code  string
		text  string
	}{
		{"registry has no such version", score.HelmChart{Repository: s.oci(), Version: "9.9.9"}, "chart-not-found", "no such version"},
		{"registry has no such chart", score.HelmChart{Repository: s.oci() + "x", Version: "1.2.3"}, "chart-not-found", "was not found"},
		{"no version", score.HelmChart{Repository: s.oci()}, "chart-not-found", "got no version"},
		{"no reference", score.HelmChart{Repository: "oci://HOST:x/UPPER", Version: "1.2.3"}, "chart-not-found", "no address"},
		{"registry down", score.HelmChart{Repository: "oci://" + down + "/charts/kube-prometheus-stack", Version: "1.2.3"}, "chart-unreachable", "connection refused"},
		{"registry lies", score.HelmChart{Repository: corrupt.oci(), Version: "1.2.3"}, "chart-damaged", "does not have the digest"},
		{"registry wants a login", score.HelmChart{Repository: private.oci(), Version: "1.2.3"}, "chart-unauthorized", "helm registry login"},
		{"digest differs", score.HelmChart{Repository: s.oci(), Version: "1.2.3", Digest: other}, "chart-digest-changed", other},
		{"digest differs, both told", score.HelmChart{Repository: s.URL + "/repository", Version: "1.2.3", Digest: other}, "chart-digest-changed", digestOf(archive)},
		{"no scheme", score.HelmChart{Repository: "charts.example.org", Version: "1.2.3"}, "chart-not-found", "want oci://"},
		{"no repository", score.HelmChart{Repository: s.URL + "/nowhere", Version: "1.2.3"}, "chart-not-found", "no index.yaml"},
		{"a web page", score.HelmChart{Repository: s.URL + "/html", Version: "1.2.3"}, "chart-damaged", "not one of Helm"},
		{"repository broken", score.HelmChart{Repository: s.URL + "/broken", Version: "1.2.3"}, "chart-unreachable", "502 Bad Gateway"},
		{"repository down", score.HelmChart{Repository: "http://" + down, Version: "1.2.3"}, "chart-unreachable", "connection refused"},
		{"repository has no such chart", score.HelmChart{Repository: s.URL + "/repository", Name: "kube-prometheus-stak", Version: "1.2.3"}, "chart-not-found", "did you mean kube-prometheus-stack?"},
		{"repository has no such version", score.HelmChart{Repository: s.URL + "/repository", Version: "1.2.4"}, "chart-not-found", "1.2.3, 1.0.9"},
		{"repository wants a login", score.HelmChart{Repository: private.URL + "/repository", Version: "1.2.3"}, "chart-unauthorized", "helm repo add"},
		{"index lies", score.HelmChart{Repository: lying.URL + "/repository", Version: "1.2.3"}, "chart-damaged", "index says"},
		{"archive gone", score.HelmChart{Repository: s.URL + "/repository", Version: "1.0.9"}, "chart-not-found", "archive is gone"},
		{"no folder", score.HelmChart{Path: filepath.Join(dir, "none")}, "chart-not-found", "no such folder"},
		{"no archive", score.HelmChart{Path: filepath.Join(dir, "text.tgz")}, "chart-damaged", "cannot be read as a chart"},
		{"cut archive", score.HelmChart{Path: filepath.Join(dir, "cut.tgz")}, "chart-damaged", "cannot be read as a chart"},
		{"empty archive", score.HelmChart{Path: filepath.Join(dir, "empty.tgz")}, "chart-damaged", "cannot be read as a chart"},
		{"no chart", score.HelmChart{Path: dir}, "chart-damaged", "Chart.yaml file is missing"},
		{"no values", score.HelmChart{Path: folder(t, with(testChart(), "values.yaml", "a: [\n"))}, "chart-damaged", "values.yaml"},
		{"other version", score.HelmChart{Path: folder(t, testChart()), Version: "2.0.0"}, "chart-not-found", "got version 1.2.3, want 2.0.0"},
		{"other contents", score.HelmChart{Path: folder(t, testChart()), Digest: other}, "chart-digest-changed", other},
		{"dependency missing", score.HelmChart{Path: folder(t, with(testChart(), "Chart.yaml", testChart()["Chart.yaml"]+dependency))}, "chart-dependency-missing", "grafana 1.0.0"},
		{"library", score.HelmChart{Path: folder(t, with(testChart(), "Chart.yaml", testChart()["Chart.yaml"]+"type: library\n"))}, "chart-unsuitable", "library"},
		{"other chart", score.HelmChart{Path: folder(t, with(testChart(), "values.yaml", "image: nginx\n"))}, "chart-unsuitable", "alertmanager.alertmanagerSpec"},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := NewCharts(ChartOptions{Cache: t.TempDir(), PlainHTTP: true})
			rendered, problems := store.Render(context.Background(), releaseOf(t, test.chart, nil), Target{})
			if rendered != nil || len(problems) == 0 {
				t.Fatalf("got %v, %v", rendered, problems)
			}
			d := problems[0]
			if d.Code != test.code || d.Position.String() != "a.star:2:18" {
				t.Errorf("got %s [%s] at %s, want %s", d.Summary, d.Code, d.Position, test.code)
			}
			if text := d.Summary + "\n" + d.Detail + "\n" + d.Fix; !strings.Contains(text, test.text) {
				t.Errorf("got %s\nwant it to say %q", text, test.text)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	home := isolate(t)
	s := serve(t, packed(t, testChart()))
	s.user, s.password = "ada", "lovelace"
	host := strings.TrimPrefix(s.URL, "http://")
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(home, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("registry.json", fmt.Sprintf(`{"auths":{%q:{"auth":"YWRhOmxvdmVsYWNl"}}}`, host))
	write("repositories.yaml", fmt.Sprintf("apiVersion: \"\"\nrepositories:\n- {name: mine, url: %s/repository, username: ada, password: lovelace}\n", s.URL))
	inAddress := strings.Replace(s.URL, "http://", "http://ada:lovelace@", 1) + "/repository"
	for _, repository := range []string{s.oci(), s.URL + "/repository", inAddress} {
		rendered, problems := NewCharts(ChartOptions{Cache: t.TempDir(), PlainHTTP: true}).
			Render(context.Background(), releaseOf(t, score.HelmChart{Repository: repository, Version: "1.2.3"}, nil), Target{})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if strings.Contains(fmt.Sprint(rendered.Chart), "lovelace") {
			t.Errorf("the chart tells a password: %+v", rendered.Chart)
		}
	}
	// A wrong password is not told either.
	wrong := strings.Replace(s.URL, "http://", "http://ada:babbage@", 1) + "/repository"
	for _, repository := range []string{wrong, wrong + "%zz"} {
		cache := t.TempDir()
		_, problems := NewCharts(ChartOptions{Cache: cache}).Render(context.Background(), releaseOf(t, score.HelmChart{Repository: repository, Version: "1.2.3"}, nil), Target{})
		if len(problems) == 0 || strings.Contains(fmt.Sprintf("%+v", problems), "babbage") {
			t.Errorf("got %+v", problems)
		}
	}
}

// TestCache damages the cache in all ways, and changes what the registry has.
func TestCache(t *testing.T) {
	isolate(t)
	first := packed(t, testChart())
	second := packed(t, with(testChart(), "templates/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"))
	s := serve(t, first)
	dir := t.TempDir()
	chart := score.HelmChart{Repository: s.oci(), Version: "1.2.3"}
	render := func(chart score.HelmChart, offline bool) (int, []string) {
		rendered, problems := NewCharts(ChartOptions{Cache: dir, PlainHTTP: true, Offline: offline}).Render(context.Background(), releaseOf(t, chart, nil), Target{})
		if rendered == nil {
			return 0, codes(problems)
		}
		return len(rendered.Objects), codes(problems)
	}
	if _, failed := render(chart, true); fmt.Sprint(failed) != "[error chart-unreachable]" {
		t.Errorf("offline with an empty cache: got %v", failed)
	}
	if n, failed := render(chart, false); n != 4 || failed != nil {
		t.Fatalf("got %d objects, %v", n, failed)
	}
	kept := cache{dir}
	from := NewCharts(ChartOptions{}).source(chart)
	for name, damage := range map[string]func(path string) error{
		"cut":     func(path string) error { return os.WriteFile(path, first[:100], 0o644) },
		"changed": func(path string) error { return os.WriteFile(path, second, 0o644) },
		"gone":    os.Remove,
	} {
		for _, path := range []string{kept.archivePath(digestOf(first)), kept.recordPath(from)} {
			if err := damage(path); err != nil {
				t.Fatal(err)
			}
			if n, failed := render(chart, false); n != 4 || failed != nil {
				t.Errorf("%s: got %d objects, %v", name, n, failed)
			}
			if n, failed := render(chart, true); n != 4 || failed != nil {
				t.Errorf("%s: it was not repaired: got %d objects, %v", name, n, failed)
			}
		}
	}
	s.archive.Store(&second)
	if n, failed := render(chart, false); n != 4 || failed != nil {
		t.Errorf("a version that is known is used as it was: got %d objects, %v", n, failed)
	}
	pinned := chart
	pinned.Digest = digestOf(first)
	if n, failed := render(pinned, false); n != 4 || failed != nil {
		t.Errorf("the digest that is known: got %d objects, %v", n, failed)
	}
	pinned.Digest = digestOf(second)
	if n, failed := render(pinned, false); n != 5 || failed != nil {
		t.Errorf("the digest that the registry has now: got %d objects, %v", n, failed)
	}
	if leftovers, _ := filepath.Glob(filepath.Join(dir, "*", ".new-*")); len(leftovers) > 0 {
		t.Errorf("left over: %v", leftovers)
	}
}

func TestCacheThatCannotBeWritten(t *testing.T) {
	isolate(t)
	s := serve(t, packed(t, testChart()))
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	store := NewCharts(ChartOptions{Cache: blocked, PlainHTTP: true})
	rendered, problems := store.Render(context.Background(), releaseOf(t, score.HelmChart{Repository: s.oci(), Version: "1.2.3"}, nil), Target{})
	if rendered == nil || fmt.Sprint(codes(problems)) != "[warning chart-cache-unusable]" {
		t.Errorf("got %v, %v", rendered, problems)
	}
}

func TestInterruptedDownload(t *testing.T) {
	isolate(t)
	s := serve(t, packed(t, testChart()))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, repository := range []string{s.oci(), s.URL + "/repository"} {
		_, problems := NewCharts(ChartOptions{Cache: t.TempDir(), PlainHTTP: true}).Render(ctx, releaseOf(t, score.HelmChart{Repository: repository, Version: "1.2.3"}, nil), Target{})
		if fmt.Sprint(codes(problems)) != "[error interrupted]" {
			t.Errorf("got %v", problems)
		}
	}
}
