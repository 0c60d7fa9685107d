// SPDX-License-Identifier: Apache-2.0

// This file holds what is asked for, and refuses what cannot be asked.

package plan

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

// defaultParallel is how many requests are under way at once.
const defaultParallel = 32

// Request is what is to be compared with a cluster.
type Request struct {
	// Client of the cluster.
	Client *cluster.Client
	// Deployment is the name under which the inventory is kept.
	Deployment string
	// Objects that are to exist, in any order, besides those of Releases.
	Objects []backend.Object
	// Releases are the Helm releases that are to exist, with what their charts make of them.
	Releases []*helm.Rendered
	// Helm carries releases out. It is needed when there are Releases, or were some at the last apply.
	Helm helm.Manager
	// ResolveSecret returns the value of a secret. Nil means that values are not known: then it is not told whether
	// they differ.
	ResolveSecret func(context.Context, score.Secret) (string, error)
	// InventoryNamespace is where the inventory is kept; "" means inventory.DefaultNamespace.
	InventoryNamespace string
	// DeleteNamespaces lets Namespaces, PersistentVolumeClaims and CustomResourceDefinitions be deleted, but for definitions of
	// whose kind there are objects that the deployment did not make.
	DeleteNamespaces bool
	// TakeOwnership names the objects whose fields are taken from other managers, and those of others that Helm overwrites.
	TakeOwnership Ownership
	// NoPreflight leaves out asking for the rights that carrying the plan out needs.
	NoPreflight bool
	// Brief leaves out all that needs a request per object: dry-runs, differences, drift.
	Brief bool
	// Requires tells what installs the kinds that may be missing.
	Requires []backend.CRD
	// Parallel is how many requests are under way at once; 0 means 32.
	Parallel int
}

func (r *Request) parallel() int { return cmp.Or(max(r.Parallel, 0), defaultParallel) }

// Store returns the store that keeps the deployment's inventory.
func (r *Request) Store() *inventory.Store { return inventory.NewStore(r.Client, r.InventoryNamespace) }

// Load reads the deployment's inventory, and has the client learn meanwhile where the kinds of the objects are served, so that
// Prepare need not ask. The errors are those of inventory.Store.Load; what goes wrong beside it Prepare meets again.
func (r *Request) Load(ctx context.Context) (*inventory.Inventory, error) {
	discovering, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	group.SetLimit(r.parallel())
	for version, kind := range r.groupVersions() {
		group.Go(func() error {
			_, _ = r.Client.Resource(discovering, version.WithKind(kind))
			return nil
		})
	}
	inv, err := r.Store().Load(ctx, r.Deployment)
	if err != nil {
		stop()
	}
	_ = group.Wait()
	return inv, err
}

// groupVersions returns those of the objects, each with one of its kinds.
func (r *Request) groupVersions() map[schema.GroupVersion]string {
	versions := map[schema.GroupVersion]string{}
	for _, o := range r.objects() {
		versions[cluster.KindOf(o.ID).GroupVersion()] = o.ID.Kind
	}
	return versions
}

// Validate reports what makes the request impossible: a name that cannot be one of an inventory, and objects that are
// declared twice, each at its line.
func (r *Request) Validate() error {
	var problems diag.List
	if faults := validation.IsDNS1123Subdomain(r.Deployment); len(faults) > 0 {
		problems = append(problems, diag.Diagnostic{
			Severity: diag.Error, Code: "deployment-name-invalid",
			Summary: fmt.Sprintf("deployment: got name %q, want a name of lower case letters, digits, '-' and '.'", r.Deployment),
			Detail:  strings.Join(faults, "\n"), Fix: "name it with deploy(..., name = \"...\") or --name",
		})
	}
	seen := make(map[inventory.Key]*backend.Object, len(r.Objects))
	for _, o := range r.objects() {
		first, twice := seen[inventory.KeyOf(o.ID)]
		if !twice {
			seen[inventory.KeyOf(o.ID)] = o
			continue
		}
		d := diag.Diagnostic{
			Severity: diag.Error, Code: "duplicate-object", Position: o.Origin.Position(),
			Summary: fmt.Sprintf("%s is declared twice, by %s and by %s", o.ID, first.Score, o.Score), Fix: "give one of the two another name or namespace",
		}
		if p := first.Origin.Position(); p.IsValid() {
			d.Related = append(d.Related, diag.Related{Position: p, Message: "first declared here"})
		}
		problems = append(problems, d)
	}
	problems = append(problems, r.validateOwnership()...)
	if problems = append(problems, r.validateReleases()...); len(problems) > 0 {
		return problems
	}
	return nil
}

// validateReleases reports releases that are declared twice.
func (r *Request) validateReleases() (problems diag.List) {
	seen := map[string]*helm.Rendered{}
	for _, rendered := range r.Releases {
		release := rendered.Release
		first := seen[release.Key()]
		if first == nil {
			seen[release.Key()] = rendered
			continue
		}
		problems = append(problems, diag.Diagnostic{
			Severity: diag.Error, Code: "duplicate-release", Position: release.Origin.Position(),
			Summary: fmt.Sprintf("Helm release %s is declared twice, by %s and by %s", release.Key(), first.Release.Score, release.Score),
			Fix:     "give one of the two another name or namespace",
		})
	}
	return problems
}

// provider returns what installs a kind, or "".
func (r *Request) provider(id backend.ID) string {
	for _, crd := range r.Requires {
		if crd.Group == id.Group && crd.Kind == id.Kind {
			return crd.Provider
		}
	}
	return ""
}
