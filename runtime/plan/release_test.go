// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

func TestRemoveFields(t *testing.T) {
	for _, c := range []struct{ name, object, fields, want string }{
		{"leaf", `{"data":{"a":"1","b":"2"}}`, `{"f:data":{"f:a":{}}}`, `{"data":{"b":"2"}}`},
		{"last leaf keeps a map that is not listed", `{"data":{"a":"1"}}`, `{"f:data":{"f:a":{}}}`, `{"data":{}}`},
		{"last leaf takes a map that is", `{"data":{"a":"1"}}`, `{"f:data":{".":{},"f:a":{}}}`, `{}`},
		{"a map with foreign fields stays", `{"l":{"a":"1","x":"2"}}`, `{"f:l":{".":{},"f:a":{}}}`, `{"l":{"x":"2"}}`},
		{"element by key", `{"p":[{"n":"a","v":1},{"n":"b"}]}`, `{"f:p":{"k:{\"n\":\"a\"}":{".":{},"f:n":{},"f:v":{}}}}`, `{"p":[{"n":"b"}]}`},
		{"field of an element", `{"p":[{"n":"a","v":1}]}`, `{"f:p":{"k:{\"n\":\"a\"}":{"f:v":{}}}}`, `{"p":[{"n":"a"}]}`},
		{"element by value", `{"f":["x","y"]}`, `{"f:f":{"v:\"x\"":{}}}`, `{"f":["y"]}`},
		{"atomic list", `{"a":["x","y"],"b":1}`, `{"f:a":{}}`, `{"b":1}`},
		{"not there", `{"a":1}`, `{"f:b":{"f:c":{}},"f:a":{"f:x":{}}}`, `{"a":1}`},
	} {
		var set fieldpath.Set
		if err := set.FromJSON(strings.NewReader(c.fields)); err != nil {
			t.Fatal(err)
		}
		object := decode(t, c.object)
		removeFields(object, &set)
		if want := decode(t, c.want); !reflect.DeepEqual(object, want) {
			t.Errorf("%s: got %v, want %v", c.name, object, want)
		}
	}
}

func TestWithRelease(t *testing.T) {
	got, err := withRelease([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","labels":{"a":"b","app.kubernetes.io/managed-by":"x"}},"data":{"n":12345678901234567890}}`), "ns", "rel")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"apiVersion":"v1","data":{"n":12345678901234567890},"kind":"ConfigMap","metadata":{"annotations":{"meta.helm.sh/release-name":"rel","meta.helm.sh/release-namespace":"ns"},"labels":{"a":"b","app.kubernetes.io/managed-by":"Helm"},"name":"m"}}`
	if string(got) != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	for _, bad := range []string{``, `[]`, `{"metadata":1}`} {
		if _, err := withRelease([]byte(bad), "ns", "rel"); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// judged judges one release with one object.
func judged(t *testing.T, state *helm.State, record *inventory.Release, change func(*Work, *Item)) *Release {
	t.Helper()
	w := &Work{Inventory: &inventory.Inventory{Deployment: "d", Namespace: "n"}}
	object := backend.Object{ID: backend.ID{Version: "v1", Kind: "Service", Namespace: "ns", Name: "s"}, Manifest: []byte(`{"metadata":{"name":"s"}}`), Release: "ns/r"}
	w.Request.Releases = []*helm.Rendered{{Release: backend.Release{Namespace: "ns", Name: "r"}, Chart: helm.Chart{Name: "c", Version: "1"}, Objects: []backend.Object{object}}}
	if record != nil {
		record.Namespace, record.Name = "ns", "r"
		w.Inventory.Releases = []inventory.Release{*record}
	}
	w.gather()
	r := w.Releases[0]
	if record != nil && record.Rendered == "same" {
		r.Record.Rendered = r.Hash
	}
	r.State = state
	r.Items[0].Action = Unchanged
	if change != nil {
		change(w, r.Items[0])
	}
	(&survey{work: w}).judgeReleases()
	return r
}

func TestJudgeRelease(t *testing.T) {
	ours := inventory.ApplySetID("d", "n")
	deployed := func(revision int) *helm.State {
		return &helm.State{Namespace: "ns", Name: "r", Revision: revision, Status: helm.Deployed, Owner: ours}
	}
	left := func(revision int) *inventory.Release { return &inventory.Release{Rendered: "same", Revision: revision} }
	with := func(s *helm.State, change func(*helm.State)) *helm.State { change(s); return s }
	theirs := othersAtWork
	for _, c := range []struct {
		name   string
		state  *helm.State
		record *inventory.Release
		change func(*Work, *Item)
		want   ReleaseAction
		reason string
	}{
		{"new", nil, nil, nil, ReleaseInstall, ""},
		{"removed by others", nil, left(3), nil, ReleaseInstall, "others removed it"},
		{"killed before it was made", nil, &inventory.Release{Pending: true}, nil, ReleaseInstall, ""},
		{"takes over", nil, nil, func(_ *Work, i *Item) { i.Action, i.HandOver = Update, true }, ReleaseInstall, "takes over 1 object"},
		{"as it was left", deployed(3), left(3), nil, ReleaseUnchanged, ""},
		{"an object differs", deployed(3), left(3), func(_ *Work, i *Item) { i.Action = Update }, ReleaseUpgrade, "1 object of it is not as it was left"},
		{"another chart", deployed(3), &inventory.Release{Rendered: "other", Revision: 3}, nil, ReleaseUpgrade, ""},
		{"upgraded by others", deployed(4), left(3), nil, ReleaseUpgrade, "revision 4, and was left at 3"},
		{"no record", deployed(3), nil, nil, ReleaseUpgrade, "not on record"},
		{"killed", deployed(3), &inventory.Release{Rendered: "same", Revision: 3, Pending: true}, nil, ReleaseUpgrade, "earlier run"},
		{"stuck", with(deployed(4), func(s *helm.State) { s.Status = "pending-upgrade" }), left(3), nil, ReleaseRecover, "pending-upgrade"},
		{"stuck by others", with(deployed(4), func(s *helm.State) { s.Status, s.Operation = "pending-upgrade", theirs(helm.BusyFor) }), left(3), nil, ReleaseRecover, "others began an upgrade at 2026-03-01T10:00:00Z that did not come to its end"},
		{"failed", with(deployed(3), func(s *helm.State) { s.Status = "failed" }), left(3), nil, ReleaseUpgrade, "is failed"},
		{"another deployment's", with(deployed(3), func(s *helm.State) { s.Owner = "applyset-x" }), left(3), nil, ReleaseBlocked, "another deployment"},
		{"nobody's", with(deployed(3), func(s *helm.State) { s.Owner = "" }), nil, nil, ReleaseBlocked, "did not make it"},
		{"nobody's, taken", with(deployed(3), func(s *helm.State) { s.Owner = "" }), nil, func(w *Work, _ *Item) { w.Request.TakeOwnership.All = true }, ReleaseUpgrade, "by others"},
		{"another deployment's is never taken", with(deployed(3), func(s *helm.State) { s.Owner = "x" }), nil, func(w *Work, _ *Item) { w.Request.TakeOwnership.All = true }, ReleaseBlocked, ""},
		{"an object is blocked", deployed(3), left(3), func(_ *Work, i *Item) { i.Action = Blocked }, ReleaseBlocked, "Service ns/s stands in the way"},
	} {
		r := judged(t, c.state, c.record, c.change)
		if r.Action != c.want || !strings.Contains(r.Reason, c.reason) {
			t.Errorf("%s: got %s %q, want %s %q", c.name, r.Action, r.Reason, c.want, c.reason)
		}
		if blocked := r.Problem != nil && r.Problem.Code == "release-of-other" && r.Problem.Fix != ""; blocked != (c.want == ReleaseBlocked && c.name != "an object is blocked") {
			t.Errorf("%s: got problem %+v", c.name, r.Problem)
		}
	}
}

// othersAtWork is an upgrade that others began, and that was silent for a while.
func othersAtWork(silent time.Duration) *helm.Operation {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	return &helm.Operation{Name: "upgrade", Others: true, Began: at, Heard: at, Silent: silent}
}

// TestOthersAtWork leaves a release alone as long as others may be at work on it, with all that hangs on it.
func TestOthersAtWork(t *testing.T) {
	ours := inventory.ApplySetID("d", "n")
	busy := func(owner string) *helm.State {
		return &helm.State{Namespace: "ns", Name: "r", Revision: 4, Status: "pending-upgrade", Owner: owner, Operation: othersAtWork(time.Minute)}
	}
	for _, c := range []struct {
		name   string
		state  *helm.State
		change func(*Work, *Item)
		code   string
	}{
		{"as it was left", busy(ours), nil, "release-busy"},
		{"with changes", busy(ours), func(_ *Work, i *Item) { i.Action = Update }, "release-busy"},
		{"with an object in the way", busy(ours), func(_ *Work, i *Item) { i.Action = Blocked }, "release-busy"},
		{"another deployment's", busy("applyset-x"), nil, "release-of-other"},
		{"nobody's", busy(""), nil, "release-of-other"},
		{"nobody's, taken", busy(""), func(w *Work, _ *Item) { w.Request.TakeOwnership.All = true }, "release-busy"},
	} {
		r := judged(t, c.state, &inventory.Release{Rendered: "same", Revision: 3}, c.change)
		if r.Action != ReleaseBlocked || r.Problem == nil || r.Problem.Code != c.code {
			t.Errorf("%s: got %s %+v, want %s", c.name, r.Action, r.Problem, c.code)
		}
		if i := r.Items[0]; c.name == "with changes" && (i.Action != Blocked || i.Reason != "Helm release ns/r: others began an upgrade at 2026-03-01T10:00:00Z, and it has not ended") {
			t.Errorf("%s: got %s %q", c.name, i.Action, i.Reason)
		}
	}
}

// TestOthersAtWorkOnFormerRelease does the same where the release is to go, or to hand over what it has.
func TestOthersAtWorkOnFormerRelease(t *testing.T) {
	id := func(kind, namespace, name string) backend.ID {
		return backend.ID{Version: "v1", Kind: kind, Namespace: namespace, Name: name}
	}
	members := []inventory.Member{
		{ID: id("Service", "ns", "moves"), Release: "ns/r", Score: "stack"},
		{ID: id("Service", "ns", "goes"), Release: "ns/r", Score: "stack"},
		{ID: id("Secret", "ns", "beside"), Score: "stack"},
		{ID: id("Namespace", "", "ns"), Score: "tenant"},
		{ID: id("Namespace", "", "elsewhere"), Score: "tenant"},
	}
	w := &Work{Inventory: &inventory.Inventory{Deployment: "d", Namespace: "n", Members: members}}
	w.Request.Objects = []backend.Object{{ID: members[0].ID, Score: "stack"}, {ID: id("ConfigMap", "ns", "new"), Score: "stack"}, {ID: id("ConfigMap", "ns", "same"), Score: "stack"}, {ID: id("ConfigMap", "ns", "other"), Score: "other"}}
	w.gather()
	for _, i := range w.Items {
		i.Action = Create
		i.Member = w.Inventory.Index()[i.Key()]
		if i.Object.ID.Name == "same" {
			i.Action = Unchanged
		}
	}
	for _, m := range members[1:] {
		w.Removals = append(w.Removals, &Removal{ID: m.ID, Member: m})
	}
	r := w.Releases[0]
	r.State = &helm.State{Namespace: "ns", Name: "r", Revision: 4, Status: "pending-upgrade", Owner: w.Inventory.ApplySetID(), Operation: othersAtWork(time.Minute)}
	(&survey{work: w}).judgeReleases()
	if r.Action != ReleaseBlocked || r.Problem == nil || r.Problem.Code != "release-busy" || r.Leaves() || r.CarriedOut() {
		t.Errorf("got %s %+v", r.Action, r.Problem)
	}
	got := map[string]string{}
	for _, i := range w.Items {
		got[i.Object.ID.Name] = string(i.Action)
	}
	for _, removal := range w.Removals {
		got[removal.ID.Name] = fmt.Sprintf("kept=%t", removal.Keep)
		if removal.Keep && removal.Reason != "kept as long as others are at work on Helm release ns/r" {
			t.Errorf("%s: got %q", removal.ID, removal.Reason)
		}
	}
	want := map[string]string{
		"moves": "blocked", "new": "blocked", "same": "unchanged", "other": "create",
		"goes": "kept=true", "beside": "kept=true", "ns": "kept=true", "elsewhere": "kept=false",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	r.State.Operation.Silent, r.Action = helm.BusyFor, ""
	if (&survey{work: w}).judgeReleases(); r.Action != ReleaseHandOver {
		t.Errorf("got %s when they are taken to be dead, want %s", r.Action, ReleaseHandOver)
	}
}

func TestJudgeFormerRelease(t *testing.T) {
	ours := inventory.ApplySetID("d", "n")
	id := backend.ID{Version: "v1", Kind: "Service", Namespace: "ns", Name: "s"}
	for _, c := range []struct {
		name  string
		state *helm.State
		stays bool
		want  ReleaseAction
	}{
		{"gone", nil, false, ReleaseGone},
		{"made anew by others", &helm.State{Owner: "x"}, false, ReleaseGone},
		{"goes", &helm.State{Owner: ours, Objects: []backend.ID{id}}, false, ReleaseUninstall},
		{"goes while an object stays", &helm.State{Owner: ours, Objects: []backend.ID{id}}, true, ReleaseHandOver},
	} {
		w := &Work{Inventory: &inventory.Inventory{Deployment: "d", Namespace: "n", Members: []inventory.Member{{ID: id, Release: "ns/r", Score: "stack"}}}}
		if c.stays {
			w.Request.Objects = []backend.Object{{ID: id}}
		}
		w.gather()
		if len(w.Releases) != 1 || w.Releases[0].Key() != "ns/r" || w.Releases[0].Score != "stack" {
			t.Fatalf("got %+v, want the release that the member names", w.Releases)
		}
		w.Releases[0].State = c.state
		(&survey{work: w}).judgeReleases()
		if got := w.Releases[0].Action; got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestValidateReleases(t *testing.T) {
	definition := backend.Object{ID: backend.ID{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition", Name: "x"}, Manifest: []byte(`{"a":1}`)}
	rendered := func(name string, definition backend.Object, objects ...backend.Object) *helm.Rendered {
		return &helm.Rendered{Release: backend.Release{Namespace: "ns", Name: name, Score: name}, Objects: objects, Definitions: []backend.Object{definition}}
	}
	service := backend.Object{ID: backend.ID{Version: "v1", Kind: "Service", Namespace: "ns", Name: "s"}}
	codes := func(releases ...*helm.Rendered) (found []string) {
		var list diag.List
		if err := (&Request{Deployment: "d", Releases: releases}).Validate(); errors.As(err, &list) {
			for _, d := range list {
				found = append(found, d.Code)
			}
		}
		return found
	}
	if got := codes(rendered("a", definition, service), rendered("b", definition)); len(got) != 0 {
		t.Errorf("equal definitions: got %v", got)
	}
	other := definition
	other.Manifest = []byte(`{"a":2}`)
	if got := codes(rendered("a", definition), rendered("b", other)); !reflect.DeepEqual(got, []string{"duplicate-object"}) {
		t.Errorf("definitions that differ: got %v", got)
	}
	if got := codes(rendered("a", definition, service), rendered("b", definition, service)); !reflect.DeepEqual(got, []string{"duplicate-object"}) {
		t.Errorf("an object of two releases: got %v", got)
	}
	if got := codes(rendered("a", definition), rendered("a", definition)); !reflect.DeepEqual(got, []string{"duplicate-release"}) {
		t.Errorf("a release twice: got %v", got)
	}
}

func TestReleasesNeedHelm(t *testing.T) {
	s := &survey{work: &Work{Releases: []*Release{{Namespace: "ns", Name: "r"}}}}
	if d := cluster.Diagnostics(s.releases(context.Background())); len(d) != 1 || d[0].Code != "helm-missing" {
		t.Fatalf("got %v", d)
	}
}

func TestGeneratedSecretsNeedNoResolver(t *testing.T) {
	o := &backend.Object{ID: backend.ID{Version: "v1", Kind: "Secret", Namespace: "ns", Name: "grafana"}, Secrets: map[string]score.Secret{
		"password": {Source: score.SecretGenerated, Name: "ns/grafana", Key: "password"},
	}}
	inv := &inventory.Inventory{Deployment: "d", Namespace: "n"}
	secrets, missing, err := resolveSecrets(context.Background(), inv, []*backend.Object{o}, nil)
	if err != nil || len(missing) > 0 {
		t.Fatalf("got %v, %v", missing, err)
	}
	values, ok := secrets.of(o)
	if !ok || values["password"] != inv.Generated("ns/grafana", "password") || len(values["password"]) != 32 {
		t.Fatalf("got %v", values)
	}
	if text := secrets.Redactor.Text("it is " + values["password"]); strings.Contains(text, values["password"]) {
		t.Fatal("a generated secret is told")
	}
}

func TestRenderedSecretsAreNotTold(t *testing.T) {
	s := &Secrets{Redactor: &cluster.Redactor{}}
	s.addRendered(&backend.Object{ID: backend.ID{Version: "v1", Kind: "Secret", Name: "x"}, Manifest: []byte(`{"data":{"a":"bG9uZy1zZWNyZXQ="},"stringData":{"b":"another-one","user":"admin"}}`)})
	if got := s.Redactor.Text("long-secret another-one admin bG9uZy1zZWNyZXQ="); got != "[secret] [secret] admin [secret]" {
		t.Fatalf("got %q", got)
	}
}

func TestReleaseStepAsJSON(t *testing.T) {
	r := &Release{
		Namespace: "ns", Name: "r", Action: ReleaseUpgrade, Score: "stack", Position: score.Position{File: "a.star", Line: 2, Column: 1},
		State: &helm.State{Revision: 4, Chart: helm.Chart{Name: "c", Version: "1"}},
		Rendered: &helm.Rendered{Chart: helm.Chart{Name: "c", Version: "2", Digest: "sha256:x"}, Hooks: []helm.Hook{
			{ID: backend.ID{Group: "batch", Version: "v1", Kind: "Job", Namespace: "ns", Name: "j"}, Events: []string{"pre-install", "pre-upgrade"}},
			{ID: backend.ID{Version: "v1", Kind: "Pod", Namespace: "ns", Name: "test"}, Events: []string{"test"}},
		}},
	}
	encoded, err := json.Marshal(r.step())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"action":"upgrade","release":"ns/r","chart":{"name":"c","version":"2","digest":"sha256:x"},"former":{"name":"c","version":"1"},"revision":4,"score":"stack",` +
		`"position":{"file":"a.star","line":2,"column":1},"hooks":[{"id":{"group":"batch","version":"v1","kind":"Job","namespace":"ns","name":"j"},"events":["pre-install","pre-upgrade"]}]}`
	if string(encoded) != want {
		t.Fatalf("got  %s\nwant %s", encoded, want)
	}
}

func TestReleaseOf(t *testing.T) {
	m := &metav1.PartialObjectMetadata{}
	m.Labels = map[string]string{"app.kubernetes.io/managed-by": "Helm"}
	m.Annotations = map[string]string{"meta.helm.sh/release-name": "r", "meta.helm.sh/release-namespace": "ns"}
	if got := releaseOf(m); got != "ns/r" {
		t.Errorf("got %q", got)
	}
	m.Labels = nil
	if got := releaseOf(m); got != "" {
		t.Errorf("got %q without Helm's label", got)
	}
}
