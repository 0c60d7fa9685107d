// SPDX-License-Identifier: Apache-2.0

// This file holds plans that are kept, so that an apply can carry out exactly what somebody has looked at.

package plan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

// Approved is what a plan file holds: all that is sent when it is carried out, and for each cluster the plan with what it was
// based on. It holds no value of a secret: of those that the script refers to it has the reference, and a hash that is keyed
// with a key that only the cluster has. Objects that Helm charts make are not in it either: the chart is found and rendered
// again, and has to give the same.
//
// As JSON (see Encode) it is stable: within one FormatVersion fields are added, never changed.
type Approved struct {
	// Harmonyscript is the version that made the plan; only the same version carries it out.
	Harmonyscript string    `json:"harmonyscript"`
	Created       time.Time `json:"created"`
	// Deployment is the name.
	Deployment string `json:"deployment"`
	// Destroy tells that the plan removes the deployment.
	Destroy bool            `json:"destroy,omitempty"`
	Script  ApprovedScript  `json:"script,omitzero"`
	Options ApprovedOptions `json:"options"`
	// Objects are those that are to exist, but for those of releases; Releases are the Helm releases.
	Objects  []ApprovedObject  `json:"objects,omitempty"`
	Releases []ApprovedRelease `json:"releases,omitempty"`
	// Requires tells what installs the kinds that may be missing.
	Requires []backend.CRD `json:"requires,omitempty"`
	// Clusters are those that the plan was made for, each with its own steps.
	Clusters []ApprovedCluster `json:"clusters"`
}

// ApprovedScript tells where a plan came from. The script is not needed to carry it out.
type ApprovedScript struct {
	// Path of the script, as it was given. Relative paths of secrets and charts begin at its folder.
	Path string `json:"path,omitempty"`
	// Parameters are the values that were set.
	Parameters map[string]string `json:"parameters,omitempty"`
	// Files are the SHA-256 sums, in hexadecimal, of the script and of all that it loads, by the name that positions use.
	Files map[string]string `json:"files,omitempty"`
	// Hash is over the text of all files, and APIVersions are those of the scores, for the history of runs.
	Hash        string   `json:"hash,omitempty"`
	APIVersions []string `json:"apiVersions,omitempty"`
}

// ApprovedOptions are those that change what a run does.
type ApprovedOptions struct {
	InventoryNamespace string    `json:"inventoryNamespace,omitempty"`
	DeleteNamespaces   bool      `json:"deleteNamespaces,omitempty"`
	TakeOwnership      Ownership `json:"takeOwnership,omitzero"`
	// Overlap is how long old and new servers stand side by side in a move to another version: "2m0s"; empty means as apply
	// decides by itself.
	Overlap string `json:"overlap,omitempty"`
	// Chart is that of releases that name none; nil means the publisher's.
	Chart *ApprovedChart `json:"chart,omitempty"`
}

// ApprovedCluster is the plan for one cluster.
type ApprovedCluster struct {
	// Cluster is the one that the plan is for.
	Cluster cluster.Identity `json:"cluster"`
	// Context is the kubeconfig context that was named; empty when none was.
	Context string `json:"context,omitempty"`
	// Inventory is the resourceVersion of the deployment's record; empty when there was none.
	Inventory string `json:"inventory,omitempty"`
	// Run is the last run before the plan.
	Run *inventory.Run `json:"run,omitempty"`
	// Steps, Migrations and Releases are those of Plan.
	Steps      []ApprovedStep        `json:"steps"`
	Migrations []Migration           `json:"migrations,omitempty"`
	Releases   []ApprovedReleaseStep `json:"releases,omitempty"`
}

// ApprovedStep is a step with what its verdict was based on.
type ApprovedStep struct {
	Step
	// UID is that of the object that there was.
	UID string `json:"uid,omitempty"`
	// Owned is the hash of the fields of it that are ours, see inventory.OwnedHash.
	Owned string `json:"owned,omitempty"`
	// Sent is the keyed hash of what is sent, values of secrets included, see inventory.SentHash. It is empty before the first
	// apply, when the cluster has no key yet.
	Sent string `json:"sent,omitempty"`
	// Content is the SHA-256 sum, in hexadecimal, of what is sent without values of secrets. Empty for what a chart puts into
	// Secrets.
	Content string `json:"content,omitempty"`
}

// ApprovedReleaseStep is the step of a Helm release with what it was based on.
type ApprovedReleaseStep struct {
	ReleaseStep
	// Rendered is the keyed hash of all that the chart makes, see inventory.RenderedHash; empty before the first apply.
	Rendered string `json:"rendered,omitempty"`
	// Content is the SHA-256 sum, in hexadecimal, of chart, values, and all that the chart makes besides Secrets.
	Content string `json:"content,omitempty"`
}

// Contexts returns the kubeconfig contexts that the plan names; nil when it was made for the current one.
func (a *Approved) Contexts() []string {
	var names []string
	for _, c := range a.Clusters {
		if c.Context != "" {
			names = append(names, c.Context)
		}
	}
	return names
}

// ComputeApproved is Compute together with the plan in the form that is kept. The latter is of use only when the plan's
// Diagnostics have no errors.
func ComputeApproved(ctx context.Context, request Request) (*Plan, *ApprovedCluster, error) {
	if err := request.Validate(); err != nil {
		return nil, nil, err
	}
	inv, err := request.Load(ctx)
	if err != nil {
		return nil, nil, err
	}
	w, err := Prepare(ctx, request, inv)
	if err != nil {
		return nil, nil, err
	}
	return w.Approvable(ctx)
}

// Approvable returns the plan of the work, with all details, and the form of it that is kept.
func (w *Work) Approvable(ctx context.Context) (*Plan, *ApprovedCluster, error) {
	identity, err := w.Request.Client.Identity(ctx)
	if err != nil {
		return nil, nil, err
	}
	detailed := *w
	detailed.Request.Brief = false
	p, err := detailed.Plan(ctx)
	if err != nil {
		return nil, nil, err
	}
	kept := &ApprovedCluster{Cluster: identity, Inventory: w.Inventory.ResourceVersion(), Migrations: p.Migrations}
	if w.Inventory.Run != nil {
		// The inventory is written while a run goes on.
		run := *w.Inventory.Run
		kept.Run = &run
	}
	evidence := w.evidence()
	for n, step := range p.Steps {
		e := evidence[n]
		e.Step = step
		kept.Steps = append(kept.Steps, e)
	}
	releases := map[string]*Release{}
	for _, r := range w.Releases {
		releases[r.Key()] = r
	}
	for _, step := range p.Releases {
		e := ApprovedReleaseStep{ReleaseStep: step}
		if r := releases[step.Release]; r.Rendered != nil {
			e.Content = renderedContent(r.Rendered)
			if w.Inventory.Exists() {
				e.Rendered = r.Hash
			}
		}
		kept.Releases = append(kept.Releases, e)
	}
	return p, kept, nil
}

// evidence returns what each step of Plan is based on, in the same order.
func (w *Work) evidence() []ApprovedStep {
	var all []ApprovedStep
	for _, i := range w.Items {
		e := ApprovedStep{}
		if i.Live != nil {
			e.UID, e.Owned = string(i.Live.UID), inventory.OwnedHash(i.Live.ManagedFields, i.Writer())
		}
		if i.Going != nil {
			e.UID = string(i.Going.UID)
		}
		if w.Inventory.Exists() {
			e.Sent = i.Sent
		}
		if i.Release == nil || !isSecret(i.Object.ID) {
			e.Content = contentOf(i.Object)
		}
		all = append(all, e)
	}
	for _, r := range w.Removals {
		if r.Live == nil {
			continue
		}
		manager := cluster.FieldManager
		if r.Member.Release != "" {
			manager = helm.FieldManager
		}
		all = append(all, ApprovedStep{UID: string(r.Live.UID), Owned: inventory.OwnedHash(r.Live.ManagedFields, manager)})
	}
	return all
}

func isSecret(id backend.ID) bool { return id.Kind == "Secret" && id.Group == "" }

// contentOf returns the sum of what is sent for an object: values of secrets by their references.
func contentOf(o *backend.Object) string {
	sum := sha256.New()
	sum.Write(o.Manifest)
	var references []string
	for key, secret := range o.Secrets {
		references = append(references, "\n"+key+" = "+secret.String())
	}
	slices.Sort(references)
	for _, r := range references {
		sum.Write([]byte(r))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// renderedContent returns the sum of a release without what its chart puts into Secrets.
func renderedContent(r *helm.Rendered) string {
	sum := sha256.New()
	add := func(parts ...string) {
		for _, part := range parts {
			sum.Write([]byte(part))
			sum.Write([]byte{'\n'})
		}
	}
	add(r.Chart.Name, r.Chart.Version, r.Chart.Digest, string(r.Release.Values))
	for n := range r.Objects {
		add(r.Objects[n].ID.String())
		if !isSecret(r.Objects[n].ID) {
			add(string(r.Objects[n].Manifest))
		}
	}
	for _, h := range r.Hooks {
		add(h.ID.String(), strings.Join(h.Events, ","))
		if !isSecret(h.ID) {
			add(string(h.Manifest))
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}
