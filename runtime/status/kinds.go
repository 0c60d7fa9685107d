// SPDX-License-Identifier: Apache-2.0

// This file says how each kind of object is judged and what its controller makes for it.

package status

import (
	"fmt"
	"maps"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// Kind says how objects of one kind are read.
type Kind struct {
	// Judge returns the verdict on one object, from its own fields alone. It must not fail on any shape of
	// object. Nil means the generic rules of kstatus. Objects that are being deleted never get here.
	Judge func(*unstructured.Unstructured) Condition
	// Companions returns the objects that have to be ready, too, for an object of this kind to be, where its own
	// fields do not say that. Nil means none. It must not fail on any shape of object. Objects that are being
	// deleted never get here.
	Companions func(*unstructured.Unstructured) []backend.ID
	// Owns are the kinds of objects that the controller makes for an object of this kind, linked to it by
	// their ownerReferences.
	Owns []schema.GroupVersionKind
	// Rejections are reasons of warning events that say that the object was not accepted. A Reader takes an
	// object for failed that looks ready and has such an event since its last change.
	Rejections []string
}

// Kinds says how objects are read, by group and kind. What is missing here is judged by kstatus and owns
// nothing. A Kinds is only read after it was made.
type Kinds map[schema.GroupKind]Kind

var (
	podKind         = schema.GroupVersionKind{Version: "v1", Kind: "Pod"}
	statefulSetKind = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "StatefulSet"}
	replicaSetKind  = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "ReplicaSet"}
)

// DefaultKinds returns a new map with the built-in kinds, those of prometheus-operator, and those of
// observability-operator. A program that deploys through another group adds to it, for the operator's forks with
// MonitoringKinds. A cluster need not serve any of them.
func DefaultKinds() Kinds {
	kinds := MonitoringKinds("monitoring.coreos.com")
	maps.Copy(kinds, StackKinds())
	kinds[schema.GroupKind{Kind: "Namespace"}] = Kind{Judge: judgeNamespace}
	kinds[schema.GroupKind{Kind: "Pod"}] = Kind{Judge: judgePod}
	kinds[schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}] = Kind{}
	for _, owner := range []string{"StatefulSet", "DaemonSet", "ReplicaSet"} {
		kinds[schema.GroupKind{Group: "apps", Kind: owner}] = Kind{Owns: []schema.GroupVersionKind{podKind}}
	}
	kinds[schema.GroupKind{Group: "apps", Kind: "Deployment"}] = Kind{Owns: []schema.GroupVersionKind{replicaSetKind}}
	kinds[schema.GroupKind{Group: "batch", Kind: "Job"}] = Kind{Owns: []schema.GroupVersionKind{podKind}}
	return kinds
}

// MonitoringKinds returns the kinds of prometheus-operator as they are served in group, which is
// "monitoring.coreos.com" or the group of a fork.
func MonitoringKinds(group string) Kinds {
	kinds := Kinds{}
	for _, workload := range []string{"Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"} {
		kinds[schema.GroupKind{Group: group, Kind: workload}] = Kind{Judge: JudgeWorkload, Owns: []schema.GroupVersionKind{statefulSetKind}}
	}
	for _, configuration := range []string{"ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig", "PrometheusRule", "AlertmanagerConfig"} {
		kinds[schema.GroupKind{Group: group, Kind: configuration}] = Kind{Judge: JudgeConfiguration, Rejections: []string{"InvalidConfiguration"}}
	}
	return kinds
}

// Judge returns the verdict on obj by the default kinds. See Kinds.Judge.
func Judge(obj *unstructured.Unstructured) Condition { return DefaultKinds().Judge(obj) }

// Judge returns the verdict on obj, which must be the whole object with its specification and status; nil
// means that there is none. It looks at nothing else, and no shape of object makes it fail.
func (k Kinds) Judge(obj *unstructured.Unstructured) (verdict Condition) {
	if obj == nil || obj.Object == nil {
		return Condition{State: NotFound, Reason: "NotFound", Message: "the object does not exist"}
	}
	// Readers of other programs and of libraries look at whatever is in the cluster.
	defer func() {
		if problem := recover(); problem != nil {
			verdict = Condition{State: Unknown, Reason: "Unreadable", Message: fmt.Sprintf("the object's status has an unexpected form: %v", problem)}
		}
	}()
	if textField(obj.Object, "metadata", "deletionTimestamp") != "" {
		return judgeDeletion(obj)
	}
	if kind := k[groupKind(obj)]; kind.Judge != nil {
		return kind.Judge(obj)
	}
	return judgeGeneric(obj)
}

// groupKind reads the fields itself: the accessors of unstructured log what they cannot parse.
func groupKind(obj *unstructured.Unstructured) schema.GroupKind {
	group, _, found := strings.Cut(textField(obj.Object, "apiVersion"), "/")
	if !found {
		group = ""
	}
	return schema.GroupKind{Group: group, Kind: textField(obj.Object, "kind")}
}

func judgeGeneric(obj *unstructured.Unstructured) Condition {
	result, err := status.Compute(obj)
	if err != nil {
		return Condition{State: Unknown, Reason: "Unreadable", Message: fmt.Sprintf("the object's status has an unexpected form: %v", err)}
	}
	verdict := Condition{State: Unknown}
	switch result.Status {
	case status.CurrentStatus:
		return Condition{State: Ready}
	case status.InProgressStatus:
		verdict.State = InProgress
	case status.FailedStatus:
		verdict.State = Failed
	case status.TerminatingStatus:
		verdict.State = Terminating
	case status.NotFoundStatus:
		verdict.State = NotFound
	}
	verdict.Message = result.Message
	for _, c := range result.Conditions {
		if c.Reason != "" {
			verdict.Reason = c.Reason
			break
		}
	}
	return verdict
}

func judgeDeletion(obj *unstructured.Unstructured) Condition {
	message := "being deleted"
	if finalizers := obj.GetFinalizers(); len(finalizers) > 0 {
		message += ", waiting for the finalizers " + strings.Join(finalizers, ", ")
	}
	if groupKind(obj) == (schema.GroupKind{Kind: "Namespace"}) {
		if held := judgeNamespace(obj); held.Message != "" {
			message = held.Message
		}
	}
	return Condition{State: Terminating, Reason: "Terminating", Message: message, Since: timeField(obj.Object, "metadata", "deletionTimestamp")}
}
