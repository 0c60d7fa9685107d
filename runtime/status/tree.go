// SPDX-License-Identifier: Apache-2.0

// This file holds what a read-back gives: a tree of scores, objects and pods.

package status

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Tree is how everything of one deployment is doing.
type Tree struct {
	// Deployment is the deployment's name.
	Deployment string `json:"deployment"`
	// Condition sums up the scores.
	Condition
	// ReadAt is when the reading began, by this machine's clock.
	ReadAt time.Time `json:"readAt"`
	// Counts say how many objects there are, and how many of them in which state.
	Counts Counts `json:"counts"`
	// Scores are in the order of the request.
	Scores []Score `json:"scores"`
	// Problems say what could not be read beside the objects themselves: pods or events.
	Problems []string `json:"problems,omitempty"`

	known *cluster.Redactor
}

// Score is how everything that one score made is doing.
type Score struct {
	// Title names the score: `tenant_monitoring "blue"`.
	Title string `json:"title"`
	// Condition sums up the objects.
	Condition
	Counts Counts `json:"counts"`
	// Objects are in the order of the request.
	Objects []Object `json:"objects"`
}

// Object is how one object is doing.
type Object struct {
	ID backend.ID `json:"id"`
	Condition
	// Position is what in the script made the object; the zero Position for an object that a controller made.
	Position score.Position `json:"position,omitzero"`
	Created  time.Time      `json:"created,omitzero"`
	// Drift is what others did to the object since it was applied; nil when they did nothing, or nobody looked.
	Drift *Drift `json:"drift,omitempty"`
	// Conditions are the object's own status.conditions.
	Conditions []ObjectCondition `json:"conditions,omitempty"`
	// Owned are the objects that a controller made for this one, other than pods.
	Owned []Object `json:"owned,omitempty"`
	// Pods are the pods of the object and of those that it owns.
	Pods []Pod `json:"pods,omitempty"`
	// Events are recent warnings about the object, newest first.
	Events []Event `json:"events,omitempty"`
	// Problems say what could not be read about the object. Only Explain sets it; in a Tree they are the tree's.
	Problems []string `json:"problems,omitempty"`

	uid string
}

// Counts are numbers of objects.
type Counts struct {
	// Objects are those of the request, without what controllers made for them.
	Objects int `json:"objects"`
	// States are the objects by state.
	States map[State]int `json:"states"`
	// Drifted are those that others changed.
	Drifted int `json:"drifted"`
	// Pods below the objects, ReadyPods of them, and the restarts of all their containers.
	Pods      int   `json:"pods"`
	ReadyPods int   `json:"readyPods"`
	Restarts  int64 `json:"restarts"`
}

func (c *Counts) add(o *Object) {
	c.Objects++
	if c.States == nil {
		c.States = map[State]int{}
	}
	c.States[o.State]++
	if o.Drift != nil {
		c.Drifted++
	}
	for _, pod := range o.Pods {
		c.Pods++
		if pod.Ready {
			c.ReadyPods++
		}
		c.Restarts += pod.Restarts
	}
}

// Drift is what others did to an object since it was applied.
type Drift struct {
	// Kind is "changed", "recreated" or "unlabelled", as package plan has them.
	Kind string `json:"kind"`
	// Manager is the field manager that wrote the object last, after it was applied; "" when none is known.
	Manager string `json:"manager,omitempty"`
	// Time of that.
	Time time.Time `json:"time,omitzero"`
}

// Event is a warning that a controller recorded about an object.
type Event struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// Count is how often it happened.
	Count int64 `json:"count"`
	// Last is when it happened last.
	Last time.Time `json:"last,omitzero"`
	// From is the component that recorded it: "statefulset-controller".
	From string `json:"from,omitempty"`

	// resourceVersion is that of the object when the event was recorded, where the recorder tells.
	resourceVersion string
}

// Item is one object to read.
type Item struct {
	ID backend.ID
	// Score is the title of the score that the object belongs to.
	Score string
	// Position is what in the script made the object.
	Position score.Position
	// Foreign tells that what is in it was not given by the script: a chart made it.
	Foreign bool
	// Drift says what others did to the object that was found; nil means that nobody looks.
	Drift func(*unstructured.Unstructured) *Drift
}

// Request says what to read.
type Request struct {
	// Deployment is the deployment's name.
	Deployment string
	Items      []Item
	// LabelSelector chooses the deployment's objects, such as an ApplySet's part-of label. With it a kind
	// costs one list instead of one request per object; objects that have lost the label are still found.
	LabelSelector string
}

// objectFrom reads obj. id and position are the caller's: the object may be nil.
func objectFrom(id backend.ID, position score.Position, obj *unstructured.Unstructured, kinds Kinds) Object {
	o := Object{ID: id, Position: position, Condition: kinds.Judge(obj)}
	if obj == nil {
		return o
	}
	o.uid = textField(obj.Object, "metadata", "uid")
	o.Created = timeField(obj.Object, "metadata", "creationTimestamp")
	o.Conditions = conditionsOf(obj)
	return o
}
