// SPDX-License-Identifier: Apache-2.0

// This file reads events.

package status

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// eventsPerObject bounds how many warnings are kept of one object: the newest tell most.
const eventsPerObject = 5

// eventKind is read through the core group, which shows the events of both APIs.
var eventKind = schema.GroupVersionKind{Version: "v1", Kind: "Event"}

// warningsOnly is the field selector for events.
const warningsOnly = "type=Warning"

// eventIndex finds events by what they are about.
type eventIndex map[string][]Event

func indexEvents(list []unstructured.Unstructured) eventIndex {
	index := eventIndex{}
	for i := range list {
		m := list[i].Object
		if kind := textField(m, "type"); kind != "" && kind != "Warning" {
			continue
		}
		event := Event{
			Reason:  textField(m, "reason"),
			Message: hideParsed(strings.TrimSpace(textField(m, "message"))),
			From:    firstOf(textField(m, "source", "component"), textField(m, "reportingComponent")),
			Count:   1,

			resourceVersion: textField(m, "involvedObject", "resourceVersion"),
		}
		for _, path := range [][]string{{"count"}, {"series", "count"}} {
			if count, ok := intField(m, path...); ok && count > event.Count {
				event.Count = count
			}
		}
		for _, path := range [][]string{{"lastTimestamp"}, {"series", "lastObservedTime"}, {"eventTime"}, {"firstTimestamp"}, {"metadata", "creationTimestamp"}} {
			if at := timeField(m, path...); at.After(event.Last) {
				event.Last = at
			}
		}
		key := textField(m, "involvedObject", "uid")
		if key == "" {
			key = eventKey(textField(m, "involvedObject", "kind"), textField(m, "involvedObject", "namespace"), textField(m, "involvedObject", "name"))
		}
		index[key] = append(index[key], event)
	}
	return index
}

// eventKey stands in for the UID, which some recorders leave out.
func eventKey(kind, namespace, name string) string { return kind + "/" + namespace + "/" + name }

// about returns the newest warnings of one object, each reason and message once.
func (index eventIndex) about(uid, kind, namespace, name string, created time.Time) []Event {
	var found []Event
	if uid != "" {
		found = append(found, index[uid]...)
	}
	for _, event := range index[eventKey(kind, namespace, name)] {
		// Without a UID the event may be about an earlier object of this name.
		if !event.Last.Before(created) {
			found = append(found, event)
		}
	}
	slices.SortStableFunc(found, func(a, b Event) int { return b.Last.Compare(a.Last) })
	var kept []Event
	for _, event := range found {
		same := func(k Event) bool { return k.Reason == event.Reason && k.Message == event.Message }
		if i := slices.IndexFunc(kept, same); i >= 0 {
			kept[i].Count += event.Count
			continue
		}
		if len(kept) < eventsPerObject {
			kept = append(kept, event)
		}
	}
	return kept
}
