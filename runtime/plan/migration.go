// SPDX-License-Identifier: Apache-2.0

// This file finds the scores that move from one version of the monitoring API to another.

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Migration tells that a score moves to another version of the monitoring API.
type Migration struct {
	// Score is the title of the score.
	Score string `json:"score"`
	// Position is where the script makes it.
	Position score.Position `json:"position,omitzero"`
	// From is the version that is left: "V2_CRD". After an interrupted move and a change of mind there may be several.
	From []string `json:"from"`
	// To is the version that the script asks for.
	To string `json:"to"`
	// InPlace tells that the servers stay and change hands. Otherwise new ones are made beside the old ones, and alerts
	// move over when they work.
	InPlace bool `json:"inPlace"`
	// Underway tells that a run before this one has begun the move.
	Underway bool `json:"underway,omitempty"`
	// Steps say in words what happens, in order.
	Steps []string `json:"steps"`
}

// versions is a set of versions of the monitoring API.
type versions map[score.APIVersion]bool

// add adds the version of which the object is a server.
func (v versions) add(id backend.ID, release string) {
	switch {
	case !IsServer(id):
	case id.Group == "monitoring.rhobs":
		// The MonitoringStack, and what we apply of the servers that are generated from it.
		v[score.V3RHOB] = true
	case release != "":
		v[score.V1Helm] = true
	default:
		v[score.V2CRD] = true
	}
}

func (v versions) names() []string {
	var names []string
	for _, version := range score.APIVersions() {
		if v[version] {
			names = append(names, version.String())
		}
	}
	return names
}

// IsServer reports whether id is what a Prometheus or an Alertmanager is made from.
func IsServer(id backend.ID) bool {
	return id.Kind == "Prometheus" && id.Group != "" || IsAlertmanager(id)
}

// IsAlertmanager reports whether id is what an Alertmanager is made from, under id's own name.
func IsAlertmanager(id backend.ID) bool {
	return id.Group != "" && (id.Kind == "Alertmanager" || id.Kind == "MonitoringStack")
}

// Migrations returns the scores that move, in the order in which they are first met among the items.
func (w *Work) Migrations() []Migration {
	wanted, order := map[string]versions{}, []string{}
	positions := map[string]score.Position{}
	for _, i := range w.Items {
		if !IsServer(i.Object.ID) {
			continue
		}
		if wanted[i.Object.Score] == nil {
			wanted[i.Object.Score] = versions{}
			order = append(order, i.Object.Score)
			positions[i.Object.Score] = i.Object.Origin.Position()
		}
		wanted[i.Object.Score].add(i.Object.ID, i.Object.Release)
	}
	had := map[string]versions{}
	for _, m := range w.Inventory.Members {
		if had[m.Score] == nil {
			had[m.Score] = versions{}
		}
		had[m.Score].add(m.ID, m.Release)
	}
	var found []Migration
	for _, title := range order {
		to, from := wanted[title], had[title]
		m := Migration{Score: title, Position: positions[title], To: strings.Join(to.names(), ", ")}
		left := versions{}
		for version := range from {
			if to[version] {
				m.Underway = true
			} else {
				left[version] = true
			}
		}
		if len(left) == 0 {
			continue
		}
		m.From = left.names()
		m.InPlace = !left[score.V3RHOB] && !to[score.V3RHOB]
		m.Steps = w.steps(title, m)
		found = append(found, m)
	}
	return found
}

// steps says what a migration does, with the figures of this work.
func (w *Work) steps(title string, m Migration) []string {
	made, adopted, kept, removed, operator := 0, 0, 0, 0, 0
	members := w.Inventory.Index()
	for _, i := range w.Items {
		if i.Object.Score != title {
			continue
		}
		before := members[inventory.KeyOf(i.Object.ID)]
		switch {
		case before == nil:
			made++
		case before.Release != i.Object.Release:
			adopted++
		default:
			kept++
		}
	}
	var servers []string
	for _, r := range w.Removals {
		if r.Member.Score != title || r.Live == nil {
			continue
		}
		if r.Keep {
			if r.Member.Release != "" {
				operator++
			}
			continue
		}
		removed++
		if IsServer(r.ID) {
			servers = append(servers, r.ID.String())
		}
	}
	slices.Sort(servers)
	from := strings.Join(m.From, ", ")
	if m.InPlace {
		steps := []string{
			fmt.Sprintf("make what %s lacks: %s; %s are the same in both versions and stay", m.To, plural(made, "object", "objects"), plural(kept, "object", "objects")),
			fmt.Sprintf("take over %s, with pods and volume claims as they are", plural(adopted, "object", "objects")),
			"wait until the servers work",
		}
		steps = append(steps, fmt.Sprintf("remove what only %s needs: %s", from, plural(removed, "object", "objects")))
		if operator > 0 {
			steps = append(steps, fmt.Sprintf("keep the prometheus-operator that %s brought along, %s: %s needs one", from, plural(operator, "object", "objects"), m.To))
		}
		return steps
	}
	steps := []string{
		fmt.Sprintf("make the new servers beside the old ones: %s", plural(made+adopted, "object", "objects")),
		"wait until they work, and until alerts that are pending in the old ones had time to fire in the new ones",
		"give the new Alertmanager its receivers, and wait until it holds them",
		fmt.Sprintf("take the receivers from the old Alertmanager, so that nobody hears that its alerts are resolved when its Prometheus goes (%s)", from),
		fmt.Sprintf("remove the old: %s", plural(removed, "object", "objects")),
	}
	if len(servers) > 0 {
		steps[len(steps)-1] += ", among them " + strings.Join(servers, ", ")
	}
	return append(steps, "volume claims of the old servers stay until somebody deletes them; silences are not copied")
}
