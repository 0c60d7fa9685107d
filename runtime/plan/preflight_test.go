// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// However many objects and namespaces lack a right, it is told once, at the first line.
func TestMissingRightsAreToldOncePerKind(t *testing.T) {
	t.Parallel()
	n := &needs{index: map[cluster.Access]*need{}}
	at := func(line int) score.Origin {
		return score.NewOrigin(&score.CallSite{Position: score.Position{File: "a.star", Line: line, Column: 1}}, nil)
	}
	for tenant := range 30 {
		namespace := fmt.Sprintf("tenant-%02d", 29-tenant)
		n.add(user{name: "ConfigMap " + namespace + "/x", origin: at(40 - tenant)}, "", "configmaps", namespace, "patch", "create")
		n.add(user{name: "Role " + namespace + "/x", origin: at(100)}, "rbac.authorization.k8s.io", "roles", namespace, "patch")
	}
	n.add(user{name: "Namespace x", position: score.Position{File: "a.star", Line: 7, Column: 1}}, "", "namespaces", "", "delete")
	list := (&Work{}).tellMissing(n.list)
	if len(list) != 3 {
		t.Fatalf("got %d diagnostics, want 3:\n%s", len(list), list.Render(nil, diag.Style{}))
	}
	for k, want := range []struct {
		line                 int
		summary, detail, fix string
	}{
		{7, "Namespace x: no right to delete namespaces in the whole cluster", "", "kubectl auth can-i delete namespaces"},
		{11, "ConfigMap tenant-00/x: no right to create, patch configmaps in namespace tenant-00 and 29 more", "29 more need it: ConfigMap tenant-01/x, ", "kubectl auth can-i create configmaps --namespace tenant-00"},
		{100, "no right to patch roles.rbac.authorization.k8s.io in namespace tenant-00 and 29 more", "24 others", "ask for patch on roles.rbac.authorization.k8s.io"},
	} {
		d := list[k]
		if d.Code != "forbidden" || d.Position.Line != want.line || !strings.Contains(d.Summary, want.summary) || !strings.Contains(d.Detail, want.detail) || !strings.Contains(d.Fix, want.fix) {
			t.Errorf("got %+v, want %+v", d, want)
		}
		if len(d.Detail) > 1000 {
			t.Errorf("the detail has %d bytes", len(d.Detail))
		}
	}
}
