// SPDX-License-Identifier: Apache-2.0

// This file tells targets apart, so that each is checked once however many stacks share it.

package check

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// targetIdentity is the same for copies of one target.
type targetIdentity struct {
	at           score.Position
	kind, name   string
	labels       uintptr
	lists        [3]*string
	number       int
	texts        string
	relabelings  [2]*score.Relabeling
	http         [2]*score.Field
	params       uintptr
	limits       score.ScrapeLimits
	port, length int
}

func identityOf(t score.ScrapeTarget) any {
	e := score.EndpointOf(t)
	id := targetIdentity{
		at: t.Source().Position(), kind: t.Kind(), name: t.TargetName(), limits: e.Limits, params: reflect.ValueOf(e.Params).Pointer(),
		relabelings: [2]*score.Relabeling{first(e.Relabelings), first(e.MetricRelabelings)}, length: len(e.Relabelings) + len(e.MetricRelabelings)<<20,
		http: [2]*score.Field{first(e.HTTP), nil},
	}
	texts := []string{e.Path, e.Scheme, e.Interval, e.ScrapeTimeout, e.FallbackScrapeProtocol, e.ScrapeClass, strconv.FormatBool(e.HonorLabels)}
	switch t := t.(type) {
	case score.ServiceMonitor:
		id.labels, id.lists = mapIdentity(t.MatchLabels), [3]*string{first(t.Namespaces), first(t.TargetLabels), first(t.PodTargetLabels)}
		texts = append(texts, t.Port)
	case score.PodMonitor:
		id.labels, id.lists = mapIdentity(t.MatchLabels), [3]*string{first(t.Namespaces), nil, first(t.PodTargetLabels)}
		texts = append(texts, t.Port)
	case score.StaticTargets:
		id.labels, id.lists, id.number = mapIdentity(t.Labels), [3]*string{first(t.Targets)}, len(t.Targets)
	case score.HTTPDiscovery:
		id.http[1] = first(t.Discovery)
		texts = append(texts, t.URL, t.RefreshInterval)
	case score.DNSDiscovery:
		id.lists, id.number, id.port = [3]*string{first(t.Names)}, len(t.Names), t.Port
		texts = append(texts, t.Type, t.RefreshInterval)
	case score.Probe:
		id.labels, id.lists, id.number = mapIdentity(t.Labels), [3]*string{first(t.Targets)}, len(t.Targets)
		texts = append(texts, t.Prober, t.Module)
	default:
		// A kind that another program added is told apart by its text.
		return fmt.Sprintf("%T %+v", t, t)
	}
	id.texts = strings.Join(texts, "\x00")
	return id
}

// withoutOrigin drops what plays no part in a target's meaning.
func withoutOrigin(t score.ScrapeTarget) score.ScrapeTarget {
	switch t := t.(type) {
	case score.ServiceMonitor:
		t.Origin = score.Origin{}
		return t
	case score.PodMonitor:
		t.Origin = score.Origin{}
		return t
	case score.StaticTargets:
		t.Origin = score.Origin{}
		return t
	case score.HTTPDiscovery:
		t.Origin = score.Origin{}
		return t
	case score.DNSDiscovery:
		t.Origin = score.Origin{}
		return t
	case score.Probe:
		t.Origin = score.Origin{}
		return t
	}
	return t
}
