// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

const (
	coreos = "monitoring.coreos.com"
	rhobs  = "monitoring.rhobs"
)

// serversOf returns the servers that a version makes of a stack.
func serversOf(version string) (ids []backend.ID, release string) {
	id := func(group, kind, name string) backend.ID {
		return backend.ID{Group: group, Version: "v1", Kind: kind, Namespace: "blue", Name: name}
	}
	switch version {
	case "V1_HELM":
		return []backend.ID{id(coreos, "Prometheus", "main"), id(coreos, "Alertmanager", "main")}, "blue/main"
	case "V2_CRD":
		return []backend.ID{id(coreos, "Prometheus", "main"), id(coreos, "Alertmanager", "main")}, ""
	case "V3_RHOB":
		return []backend.ID{id(rhobs, "MonitoringStack", "main-1"), id(rhobs, "Prometheus", "main-1"), id(rhobs, "Alertmanager", "main-1")}, ""
	}
	return nil, ""
}

// workOf is the work of a script that asks for a version where there are the servers of others.
func workOf(to string, from ...string) *Work {
	w := &Work{Inventory: &inventory.Inventory{}}
	wanted := map[inventory.Key]bool{}
	ids, release := serversOf(to)
	for _, id := range ids {
		wanted[inventory.KeyOf(id)] = true
		w.Items = append(w.Items, &Item{Object: &backend.Object{ID: id, Score: "blue", Release: release}})
	}
	for _, version := range from {
		ids, release := serversOf(version)
		for _, id := range ids {
			m := inventory.Member{ID: id, Score: "blue", Release: release}
			w.Inventory.Members = append(w.Inventory.Members, m)
			if !wanted[inventory.KeyOf(id)] {
				w.Removals = append(w.Removals, &Removal{ID: id, Member: m, Live: &metav1.PartialObjectMetadata{}})
			}
		}
	}
	return w
}

func TestMigrations(t *testing.T) {
	for _, test := range []struct {
		to, from string
		want     []string
		inPlace  bool
		underway bool
	}{
		{to: "V2_CRD"},
		{to: "V2_CRD", from: "V2_CRD"},
		{to: "V1_HELM", from: "V1_HELM"},
		{to: "V3_RHOB", from: "V3_RHOB"},
		{to: "V2_CRD", from: "V1_HELM", want: []string{"V1_HELM"}, inPlace: true},
		{to: "V1_HELM", from: "V2_CRD", want: []string{"V2_CRD"}, inPlace: true},
		{to: "V3_RHOB", from: "V2_CRD", want: []string{"V2_CRD"}},
		{to: "V1_HELM", from: "V3_RHOB", want: []string{"V3_RHOB"}},
		{to: "V3_RHOB", from: "V2_CRD V3_RHOB", want: []string{"V2_CRD"}, underway: true},
		{to: "V2_CRD", from: "V3_RHOB V1_HELM", want: []string{"V1_HELM", "V3_RHOB"}},
	} {
		t.Run(test.from+" to "+test.to, func(t *testing.T) {
			found := workOf(test.to, strings.Fields(test.from)...).Migrations()
			if len(test.want) == 0 {
				if len(found) > 0 {
					t.Fatalf("got %+v, want none", found)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("got %+v, want one", found)
			}
			m := found[0]
			if m.Score != "blue" || m.To != test.to || !slices.Equal(m.From, test.want) || m.InPlace != test.inPlace || m.Underway != test.underway {
				t.Errorf("got %+v", m)
			}
			if words := strings.Join(m.Steps, "\n"); m.InPlace != strings.Contains(words, "take over") || m.InPlace == strings.Contains(words, "receivers from the old Alertmanager") {
				t.Errorf("got steps\n%s", words)
			}
		})
	}
}

// TestOperatorIsKept moves a release that brought prometheus-operator along: the stack's own resources would be dead
// without it.
func TestOperatorIsKept(t *testing.T) {
	for _, test := range []struct {
		to, component string
		want          bool
	}{
		{"V2_CRD", "prometheus-operator", true},
		{"V2_CRD", "prometheus-operator-webhook", true},
		{"V2_CRD", "metrics", false},
		{"V1_HELM", "prometheus-operator", false},
		{"V3_RHOB", "prometheus-operator", false},
	} {
		t.Run(test.component+" to "+test.to, func(t *testing.T) {
			w := workOf(test.to, "V1_HELM")
			r := &Removal{
				Member: inventory.Member{Score: "blue", Release: "blue/main"},
				Live:   &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app.kubernetes.io/component": test.component}}},
			}
			r.keepOperator(w.handMade())
			if r.Keep != test.want || r.Keep != (r.Reason != "") {
				t.Errorf("got keep %t, %q, want %t", r.Keep, r.Reason, test.want)
			}
			w.Removals = append(w.Removals, r)
			for _, m := range w.Migrations() {
				if told := strings.Contains(strings.Join(m.Steps, "\n"), "keep the prometheus-operator"); told != test.want {
					t.Errorf("got steps %q", m.Steps)
				}
			}
		})
	}
}
