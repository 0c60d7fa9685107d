// SPDX-License-Identifier: Apache-2.0

package moves

import (
	"fmt"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// TestMoves goes from every version to every version, staying included. All changes of each move are recorded; afterwards
// the cluster must hold what a first deployment in the new version makes, and nothing else.
func TestMoves(t *testing.T) {
	t.Parallel()
	for _, from := range score.APIVersions() {
		for _, to := range score.APIVersions() {
			t.Run(fmt.Sprintf("%s to %s", from, to), func(t *testing.T) {
				t.Parallel()
				want := firstDeployment(t, to)
				x := newTenant(t, fmt.Sprintf("move-%s-%s", short(from), short(to)))
				x.run(from)
				before := x.pods()

				p := x.plan(to)
				switch {
				case from == to && (len(p.Migrations) > 0 || p.HasChanges()):
					t.Errorf("got migrations %+v and changes %v, want none", p.Migrations, p.Count())
				case from != to && (len(p.Migrations) != 1 || p.Migrations[0].To != to.String() || p.Migrations[0].InPlace != inPlace(from, to)):
					t.Errorf("got migrations %+v, want one to %s", p.Migrations, to)
				}

				proof := prove(t, x.client, x.name, from, "on-call", "tickets")
				outcome := x.run(to)
				proof.end(from, to)
				t.Logf("%v", outcome.Count())
				if from == to && outcome.Wrote() {
					t.Errorf("got %v, want nothing written", outcome.Count())
				}
				if again := x.run(to); again.Wrote() {
					t.Errorf("a second run wrote:\n%s", describe(again))
				}
				if inPlace(from, to) {
					if after := x.pods(); !slices.Equal(before, after) {
						t.Errorf("got pods %v, want those of before, %v", after, before)
					}
				}

				// Volume claims of servers that went are for people to delete.
				claims := []string{"PersistentVolumeClaim"}
				if inPlace(from, to) {
					claims = nil
				}
				if left := x.settle(want, claims...); left != "" {
					t.Errorf("after the move the cluster is not what a first deployment makes:\n%s", left)
				}
				x.destroy()
			})
		}
	}
}

func inPlace(from, to score.APIVersion) bool {
	return from != score.V3RHOB && to != score.V3RHOB || from == to
}

// pods returns the names and identities of the tenant's pods and volume claims, sorted.
func (x *tenant) pods() []string {
	x.t.Helper()
	var found []string
	for _, kind := range []string{"Pod", "PersistentVolumeClaim"} {
		objects, err := x.client.List(x.t.Context(), schema.GroupVersionKind{Version: "v1", Kind: kind}, x.name, "", "")
		if err != nil {
			x.t.Fatal(err)
		}
		for n := range objects {
			found = append(found, fmt.Sprintf("%s %s %s", kind, objects[n].GetName(), objects[n].GetUID()))
		}
	}
	slices.Sort(found)
	return found
}

// TestDestroyLeavesNothing looks for what a destroyed deployment of each version left behind.
func TestDestroyLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, version := range score.APIVersions() {
		t.Run(version.String(), func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, "leaver-"+short(version))
			if outcome := x.run(version); outcome.Count()[apply.Created] == 0 {
				t.Fatal("nothing was made")
			}
			x.destroy()
			if left := take(t, x.client, x.name); len(left) > 0 {
				t.Errorf("got %s", left.Difference(nil))
			}
		})
	}
}
