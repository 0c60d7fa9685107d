// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// approvedSample is a plan with one of everything.
func approvedSample(t *testing.T) *Approved {
	t.Helper()
	at := score.Position{File: "shop.star", Line: 3, Column: 5}
	origin := score.NewOrigin(&score.CallSite{Position: at}, []score.Position{{File: "shop.star", Line: 9, Column: 1}})
	secret, err := backend.NewObject(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "urls", "namespace": "shop", "annotations": map[string]any{"a": "<&> \u2028"}}}, origin, "shop")
	if err != nil {
		t.Fatal(err)
	}
	secret.Secrets = map[string]score.Secret{
		"url": {Origin: origin, Source: score.SecretFromEnvironment, Name: "URL"}, "file": {Source: score.SecretFromFile, Name: "x"},
		"made": {Source: score.SecretGenerated, Name: "shop/urls", Key: "made"}, "there": {Source: score.SecretFromCluster, Name: "s", Key: "k"},
	}
	quota, err := backend.NewObject(map[string]any{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": map[string]any{"name": "q", "namespace": "shop"}, "spec": map[string]any{"big": json.Number("12345678901234567890")}}, score.Origin{}, "shop")
	if err != nil {
		t.Fatal(err)
	}
	step := func(action Action, id backend.ID, changes ...Change) ApprovedStep {
		return ApprovedStep{Step: Step{Action: action, ID: id, Position: at, Changes: changes}, UID: "u-" + id.Name, Owned: "o", Sent: "s", Content: "c"}
	}
	rule := backend.ID{Group: "monitoring.coreos.com", Version: "v1", Kind: "PrometheusRule", Namespace: "shop", Name: "old"}
	return &Approved{
		Harmonyscript: "v1", Created: time.Unix(1e9, 0).UTC(), Deployment: "shop",
		Script:  ApprovedScript{Path: "shop.star", Parameters: map[string]string{"a": "b"}, Files: map[string]string{"shop.star": "00"}},
		Options: ApprovedOptions{DeleteNamespaces: true, Overlap: "2m0s", Chart: &ApprovedChart{Path: "/charts"}},
		Objects: KeepObjects([]backend.Object{secret, quota}),
		Releases: KeepReleases([]backend.Release{{
			Namespace: "shop", Name: "stack", Values: []byte(`{"a":"<b>"}`), Definitions: true, Score: "shop", Origin: origin, Chart: score.HelmChart{Version: "1.2.3"},
		}}),
		Clusters: []ApprovedCluster{{
			Cluster: cluster.Identity{Server: "https://one", UID: "1"}, Context: "one", Inventory: "17",
			Run: &inventory.Run{Started: time.Unix(1e9, 0).UTC(), State: "done", By: "process 1 on host"},
			Steps: []ApprovedStep{
				step(Update, secret.ID, Change{Path: ".data.url", Secret: true}),
				step(Update, quota.ID, Change{Path: ".spec.big", Before: 1, After: json.Number("12345678901234567890")}, Change{Path: ".spec.list", After: map[string]any{"b": 1.5, "a": nil}}),
				step(Delete, rule),
			},
			Migrations: []Migration{{Score: "shop", From: []string{"V1_HELM"}, To: "V2_CRD", InPlace: true, Steps: []string{"x"}}},
			Releases: []ApprovedReleaseStep{{
				ReleaseStep: ReleaseStep{
					Action: ReleaseUpgrade, Release: "shop/stack", Revision: 3, Chart: inventory.Chart{Name: "c", Version: "1", Digest: "sha256:aa"},
					Hooks: []helm.Hook{{ID: backend.ID{Version: "v1", Kind: "Job", Namespace: "shop", Name: "h"}, Events: []string{"post-upgrade"}}},
				},
				Rendered: "r", Content: "rc",
			}},
		}},
	}
}

func written(t *testing.T, a *Approved) []byte {
	t.Helper()
	content, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func codeOf(t *testing.T, err error) string {
	t.Helper()
	var list diag.List
	if !errors.As(err, &list) || len(list) != 1 {
		t.Fatalf("got %v, want one diagnostic", err)
	}
	return list[0].Code
}

func TestApprovedSurvivesItsFile(t *testing.T) {
	a := approvedSample(t)
	content := written(t, a)
	read, err := DecodeApproved("f", "v1", content)
	if err != nil {
		t.Fatal(err)
	}
	if again := written(t, read); !bytes.Equal(again, content) {
		t.Fatalf("got %s, want %s", again, content)
	}
	if err := a.Clusters[0].Check(&read.Clusters[0]); err != nil {
		t.Fatalf("what was read is not what was written: %v", err)
	}
	if err := read.Clusters[0].Check(&a.Clusters[0]); err != nil {
		t.Fatalf("what was written is not what was read: %v", err)
	}
	wanted, err := a.BackendObjects()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := read.BackendObjects()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(objects, wanted) {
		t.Fatalf("got %+v, want %+v", objects, wanted)
	}
	if !bytes.Equal(objects[0].Manifest, a.Objects[0].Manifest) || objects[0].Secrets["url"].String() != `secret(env = "URL")` || objects[0].Origin.Position().Line != 3 || len(objects[0].Origin.Callers()) != 1 {
		t.Fatalf("got %+v", objects[0])
	}
	releases, err := read.BackendReleases()
	if err != nil {
		t.Fatal(err)
	}
	if r := releases[0]; string(r.Values) != `{"a":"<b>"}` || r.Chart.Version != "1.2.3" || !r.Definitions || r.Key() != "shop/stack" || r.Origin.Position().Line != 3 {
		t.Fatalf("got %+v", r)
	}
}

func TestPlanFileThatIsNone(t *testing.T) {
	content := string(written(t, approvedSample(t)))
	for name, c := range map[string]struct{ content, code, says string }{
		"empty":          {" \n", "plan-file-invalid", "it is empty"},
		"no JSON":        {"hello there", "plan-file-invalid", "got no JSON"},
		"something":      {`{"kind":"Secret"}`, "plan-file-invalid", `got format ""`},
		"cut short":      {content[:len(content)/2], "plan-file-damaged", "it was cut short"},
		"almost whole":   {content[:len(content)-3], "plan-file-damaged", "it was cut short"},
		"changed":        {strings.Replace(content, `"shop.star"`, `"shap.star"`, 1), "plan-file-damaged", "it was changed after it was written"},
		"other format":   {strings.Replace(content, `"formatVersion": 1`, `"formatVersion": 99`, 1), "plan-file-version", "got format version 99, want 1"},
		"without digest": {strings.Replace(content, `"digest"`, `"digist"`, 1), "plan-file-damaged", "it was changed"},
	} {
		_, err := DecodeApproved("my.plan", "v1", []byte(c.content))
		if err == nil {
			t.Errorf("%s: it was read", name)
			continue
		}
		if got := codeOf(t, err); got != c.code || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "my.plan") {
			t.Errorf("%s: got %v, want %s, %q", name, err, c.code, c.says)
		}
	}
	_, err := DecodeApproved("f", "v2", []byte(content))
	if got := codeOf(t, err); got != "plan-file-version" || !strings.Contains(err.Error(), "harmonyscript v1 made it, and this is v2") {
		t.Errorf("got %v", err)
	}
}

// TestDifferences changes one thing at a time: each has to be found, and told.
func TestDifferences(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ApprovedCluster)
		want   string
	}{
		"another run":     {func(c *ApprovedCluster) { c.Inventory = "18" }, "deployment: approved: its last run, of 2001-09-09 01:46:40 by process 1 on host, ended done (record 17); now: its last run"},
		"destroyed":       {func(c *ApprovedCluster) { c.Inventory, c.Run = "", nil }, "now: it was not applied"},
		"action":          {func(c *ApprovedCluster) { c.Steps[0].Action, c.Steps[0].Reason = Unchanged, "why" }, "Secret shop/urls: approved: update; now: unchanged (why)"},
		"field":           {func(c *ApprovedCluster) { c.Steps[1].Changes[0].Before = 2 }, `ResourceQuota shop/q: .spec.big: approved: 1 -> 12345678901234567890; now: 2 -> 12345678901234567890`},
		"field gone":      {func(c *ApprovedCluster) { c.Steps[1].Changes = c.Steps[1].Changes[:1] }, `.spec.list: approved: nothing -> {"a":null,"b":1.5}; now: no change`},
		"field more":      {func(c *ApprovedCluster) { c.Steps[2].Changes = []Change{{Path: ".x", Before: "a", After: nil}} }, `PrometheusRule shop/old: .x: approved: no change; now: "a" -> nothing`},
		"secret":          {func(c *ApprovedCluster) { c.Steps[0].Sent = "t" }, "Secret shop/urls: approved: the values of its secrets; now: a value is another one"},
		"content":         {func(c *ApprovedCluster) { c.Steps[0].Content = "d" }, "what is sent is another"},
		"made anew":       {func(c *ApprovedCluster) { c.Steps[0].UID = "v" }, "Secret shop/urls: approved: object u-urls; now: object v"},
		"deletes another": {func(c *ApprovedCluster) { c.Steps[2].Owned = "p" }, "PrometheusRule shop/old: approved: delete it as it was; now: others changed fields of ours since"},
		"version":         {func(c *ApprovedCluster) { c.Steps[2].ID.Version = "v2" }, "approved: version v1; now: version v2"},
		"step gone":       {func(c *ApprovedCluster) { c.Steps = c.Steps[:2] }, "PrometheusRule shop/old: approved: delete; now: nothing: there is no such object"},
		"step more": {func(c *ApprovedCluster) {
			c.Steps = append(c.Steps, ApprovedStep{Step: Step{Action: Delete, ID: backend.ID{Version: "v1", Kind: "Service", Name: "s"}}})
		}, "Service s: approved: nothing; now: delete"},
		"conflict": {func(c *ApprovedCluster) {
			c.Steps[0].Conflicts = []cluster.Conflict{{Manager: "m", Fields: []string{".a"}}}
		}, "approved: take no fields of others; now: take .a of m"},
		"migration":      {func(c *ApprovedCluster) { c.Migrations = nil }, "moves to another version: approved: shop from V1_HELM to V2_CRD in place; now: none"},
		"release action": {func(c *ApprovedCluster) { c.Releases[0].Action = ReleaseUnchanged }, "Helm release shop/stack: approved: upgrade, chart c 1 sha256:aa; now: unchanged"},
		"revision":       {func(c *ApprovedCluster) { c.Releases[0].Revision = 4 }, "approved: at revision 3; now: at revision 4"},
		"chart":          {func(c *ApprovedCluster) { c.Releases[0].Chart.Digest = "sha256:bb" }, "approved: chart c 1 sha256:aa; now: chart c 1 sha256:bb"},
		"hooks":          {func(c *ApprovedCluster) { c.Releases[0].Hooks = nil }, "approved: hooks Job shop/h on post-upgrade; now: hooks none"},
		"rendered":       {func(c *ApprovedCluster) { c.Releases[0].Content = "x" }, "the chart makes something else for this cluster"},
		"chart's secret": {func(c *ApprovedCluster) { c.Releases[0].Rendered = "x" }, "their values are other ones"},
		"release gone":   {func(c *ApprovedCluster) { c.Releases = nil }, "now: nothing: there is no such release"},
	} {
		then, now := approvedSample(t).Clusters[0], approvedSample(t).Clusters[0]
		c.change(&now)
		err := then.Check(&now)
		if err == nil {
			t.Errorf("%s: it was not found", name)
			continue
		}
		if got := codeOf(t, err); got != "plan-stale" {
			t.Errorf("%s: got %s", name, got)
		}
		differences := then.Differences(&now)
		if len(differences) != 1 || !strings.Contains(differences[0].String(), c.want) {
			t.Errorf("%s: got %v, want one with %q", name, differences, c.want)
		}
		var list diag.List
		if errors.As(err, &list); list[0].Detail != differences[0].String() {
			t.Errorf("%s: got detail %q, want %q", name, list[0].Detail, differences[0])
		}
	}
}

func TestWhatIsNoDifference(t *testing.T) {
	for name, change := range map[string]func(*ApprovedCluster){
		"reason":              func(c *ApprovedCluster) { c.Steps[0].Reason = "another" },
		"position":            func(c *ApprovedCluster) { c.Steps[0].Position.Line = 99 },
		"address":             func(c *ApprovedCluster) { c.Cluster.Server = "https://tunnel" },
		"what others own":     func(c *ApprovedCluster) { c.Steps[0].Owned = "more" },
		"drift":               func(c *ApprovedCluster) { c.Steps[0].Drift = []Drift{{Manager: "m"}} },
		"name of the context": func(c *ApprovedCluster) { c.Context = "prod" },
	} {
		then, now := approvedSample(t).Clusters[0], approvedSample(t).Clusters[0]
		change(&now)
		if err := then.Check(&now); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// Before the first apply every look at the cluster has another key.
	then, now := approvedSample(t).Clusters[0], approvedSample(t).Clusters[0]
	then.Inventory, now.Inventory, then.Run, now.Run = "", "", nil, nil
	now.Steps[0].Sent, now.Releases[0].Rendered = "x", "y"
	if err := then.Check(&now); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestApprovedForAnotherCluster(t *testing.T) {
	then, now := approvedSample(t).Clusters[0], approvedSample(t).Clusters[0]
	now.Cluster.UID = "2"
	if got := codeOf(t, then.Check(&now)); got != "plan-other-cluster" {
		t.Errorf("got %s", got)
	}
	now.Cluster = cluster.Identity{Server: "https://one"}
	if err := then.Check(&now); err != nil {
		t.Errorf("where the UID may not be read the address tells: got %v", err)
	}
	now.Cluster.Server = "https://two"
	if got := codeOf(t, then.Check(&now)); got != "plan-other-cluster" {
		t.Errorf("got %s", got)
	}
}

func TestManyDifferencesAreCounted(t *testing.T) {
	then := approvedSample(t).Clusters[0]
	now := then
	now.Steps = nil
	for n := range 30 {
		id := backend.ID{Version: "v1", Kind: "Service", Name: strings.Repeat("x", n+1)}
		then.Steps = append(then.Steps, ApprovedStep{Step: Step{Action: Create, ID: id}})
	}
	err := then.Check(&now)
	var list diag.List
	if !errors.As(err, &list) || !strings.HasSuffix(list[0].Detail, "and 13 more") || strings.Count(list[0].Detail, "\n") != shownDifferences {
		t.Fatalf("got %v", list)
	}
}

// FuzzDecodeApproved: whatever a file holds, it is a plan or a diagnostic.
func FuzzDecodeApproved(f *testing.F) {
	f.Add([]byte(`{"format":"harmonyscript-plan","formatVersion":1,"digest":"sha256:x","plan":{}}`))
	f.Add([]byte(`{"format":"harmonyscript-plan","formatVersion":1,"plan":`))
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := DecodeApproved("f", "v1", content)
		if err == nil && a == nil {
			t.Fatal("neither a plan nor an error")
		}
		var list diag.List
		if err != nil && !errors.As(err, &list) {
			t.Fatalf("got %v, want diagnostics", err)
		}
		// With a digest that fits, the content is looked at, too.
		if json.Valid(content) {
			inner, err := compact(content)
			if err != nil {
				return
			}
			outer, err := marshal(envelope{Format: formatName, FormatVersion: FormatVersion, Digest: digestOf(inner), Plan: inner})
			if err != nil {
				t.Fatal(err)
			}
			if a, err := DecodeApproved("f", "v1", outer); err == nil {
				_, _ = a.BackendObjects()
				_, _ = a.BackendReleases()
				_ = a.Clusters[0].Differences(&a.Clusters[0])
			}
		}
	})
}
