// SPDX-License-Identifier: Apache-2.0

// This file says from which objects an apply may take what others own.

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// releaseKind stands for a Helm release in names of Ownership.
const releaseKind = "HelmRelease"

// Ownership names the objects of which an apply may take fields from other managers, and that Helm may overwrite although
// others made them. The zero value names none.
type Ownership struct {
	// All names every object and every Helm release.
	All bool `json:"all,omitempty"`
	// Objects are names as backend.ID.Reference gives them: "ResourceQuota/shop/tenant", "Namespace/shop",
	// "Prometheus.monitoring.coreos.com/shop/main". The group may be left out, capital letters do not count, and a space
	// after the kind is as good as the slash, so that names can be copied from what is printed. "HelmRelease/shop/stack" is a
	// Helm release with all objects in it.
	Objects []string `json:"objects,omitempty"`
}

// Takes reports whether the object is named.
func (o Ownership) Takes(id backend.ID) bool {
	return o.All || slices.ContainsFunc(o.Objects, func(name string) bool {
		name = normalName(name)
		short := id
		short.Group = ""
		return name == normalName(id.Reference()) || name == normalName(short.Reference())
	})
}

// TakesRelease reports whether the Helm release with that key is named.
func (o Ownership) TakesRelease(key string) bool {
	return o.All || slices.ContainsFunc(o.Objects, func(name string) bool { return normalName(name) == normalName(releaseReference(key)) })
}

// takesItem reports whether the item, or the release that makes it, is named.
func (o Ownership) takesItem(i *Item) bool {
	return o.Takes(i.Object.ID) || i.Object.Release != "" && o.TakesRelease(i.Object.Release)
}

func releaseReference(key string) string { return releaseKind + "/" + key }

// normalName makes the ways to write a name the same.
func normalName(name string) string {
	return strings.ToLower(strings.Replace(strings.TrimSpace(name), " ", "/", 1))
}

// validateOwnership reports names that no object of the request has.
func (r *Request) validateOwnership() (problems diag.List) {
	if len(r.TakeOwnership.Objects) == 0 {
		return nil
	}
	known := map[string]bool{}
	var names []string
	for _, o := range r.objects() {
		short := o.ID
		short.Group = ""
		known[normalName(o.ID.Reference())], known[normalName(short.Reference())] = true, true
		// The short form is nearer to what people type.
		names = append(names, short.Reference())
	}
	for _, rendered := range r.Releases {
		name := releaseReference(rendered.Release.Key())
		known[normalName(name)] = true
		names = append(names, name)
	}
	for _, name := range r.TakeOwnership.Objects {
		if known[normalName(name)] {
			continue
		}
		d := diag.Diagnostic{
			Severity: diag.Error, Code: "ownership-unknown-object",
			Summary: fmt.Sprintf("take ownership: got %q, want an object of deployment %s, as KIND/NAMESPACE/NAME or KIND/NAME", name, r.Deployment),
			Fix:     "see their names with harmonyscript plan",
		}
		if nearest := diag.Nearest(normalName(name), names); nearest != "" {
			d.Fix = fmt.Sprintf("did you mean --take-ownership=%s?", nearest)
		}
		problems = append(problems, d)
	}
	return problems
}
