// SPDX-License-Identifier: Apache-2.0

//go:build unix

package integration_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

const stackGroup = "monitoring.rhobs"

// monitoringStack makes a MonitoringStack, and waits until its controller calls it well and the fork of prometheus-operator its servers. Beside it is
// a stack of prometheus-operator, whose Services have the same names: neither operator may touch what belongs to the other.
func (s *sandbox) monitoringStack(t *testing.T, client *kubernetes.Clientset) {
	namespace := makeNamespace(t, client, "stack")
	objects, err := dynamic.NewForConfig(s.client())
	if err != nil {
		t.Fatal(err)
	}
	in := func(group, version, plural string) dynamic.ResourceInterface {
		return objects.Resource(schema.GroupVersionResource{Group: group, Version: version, Resource: plural}).Namespace(namespace)
	}
	add := func(resource dynamic.ResourceInterface, apiVersion, kind, name string, spec map[string]any) {
		object := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": name}, "spec": spec,
		}}
		if _, err := resource.Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	add(in(stackGroup, "v1alpha1", "monitoringstacks"), stackGroup+"/v1alpha1", "MonitoringStack", "main", map[string]any{
		"resourceSelector": map[string]any{"matchLabels": map[string]any{"team": "blue"}},
	})
	add(in(monitoringGroup, "v1", "prometheuses"), monitoringGroup+"/v1", "Prometheus", "other", map[string]any{"replicas": int64(1)})
	add(in(stackGroup, "v1", "prometheuses"), stackGroup+"/v1", "Prometheus", "stray", map[string]any{"replicas": int64(1)})

	s.awaitConditions(in(monitoringGroup, "v1", "prometheuses"), "other", "Available", "Reconciled")
	s.awaitConditions(in(stackGroup, "v1", "prometheuses"), "main", "Available", "Reconciled")
	s.awaitConditions(in(stackGroup, "v1", "alertmanagers"), "main", "Available", "Reconciled")
	s.awaitConditions(in(stackGroup, "v1alpha1", "monitoringstacks"), "main", "Available", "Reconciled", "ResourceDiscovery")

	sets, err := client.AppsV1().StatefulSets(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var owners []string
	for _, set := range sets.Items {
		for _, owner := range set.OwnerReferences {
			owners = append(owners, fmt.Sprintf("%s of %s %s", set.Name, owner.APIVersion, owner.Name))
		}
	}
	slices.Sort(owners)
	want := []string{"alertmanager-main of monitoring.rhobs/v1 main", "prometheus-main of monitoring.rhobs/v1 main", "prometheus-other of monitoring.coreos.com/v1 other"}
	if !slices.Equal(owners, want) {
		t.Errorf("StatefulSets: got %q, want %q; the operator of the stacks leaves what no stack made alone", owners, want)
	}

	// The controller's finalizer removes what no owner reference can: ClusterRoles.
	if err := in(stackGroup, "v1alpha1", "monitoringstacks").Delete(t.Context(), "main", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.await("the end of a MonitoringStack", func() bool {
		_, err := client.RbacV1().ClusterRoles().Get(context.Background(), "main-prometheus", metav1.GetOptions{})
		_, errOfStack := in(stackGroup, "v1alpha1", "monitoringstacks").Get(context.Background(), "main", metav1.GetOptions{})
		_, errOfServer := in(stackGroup, "v1", "alertmanagers").Get(context.Background(), "main", metav1.GetOptions{})
		return apierrors.IsNotFound(err) && apierrors.IsNotFound(errOfStack) && apierrors.IsNotFound(errOfServer)
	})
}

// awaitConditions waits until conditions of an object are true for its generation.
func (s *sandbox) awaitConditions(resource dynamic.ResourceInterface, name string, types ...string) {
	s.t.Helper()
	var last string
	s.await(fmt.Sprintf("%s to be %s", name, strings.Join(types, " and ")), func() bool {
		object, err := resource.Get(context.Background(), name, metav1.GetOptions{})
		if err != nil {
			last = err.Error()
			return false
		}
		conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
		last = fmt.Sprint(conditions)
		isTrue := map[any]bool{}
		for _, condition := range conditions {
			fields, _ := condition.(map[string]any)
			isTrue[fields["type"]] = fields["status"] == "True" && fields["observedGeneration"] == object.GetGeneration()
		}
		return !slices.ContainsFunc(types, func(kind string) bool { return !isTrue[kind] })
	})
	s.t.Logf("%s: %s", name, last)
}

// operatorsAreConfined asks the API server, with each operator's own credentials, what it may do.
func (s *sandbox) operatorsAreConfined(t *testing.T) {
	type right struct {
		verb, group, resource string
		want                  bool
	}
	tests := map[string][]right{
		"prometheus-operator": {
			{"create", monitoringGroup, "prometheuses", true},
			{"list", stackGroup, "prometheuses", false},
			{"create", "rbac.authorization.k8s.io", "clusterroles", false},
		},
		"obo-prometheus-operator": {
			{"create", stackGroup, "prometheuses", true},
			{"list", monitoringGroup, "prometheuses", false},
			{"list", stackGroup, "monitoringstacks", false},
			{"create", "rbac.authorization.k8s.io", "clusterroles", false},
		},
		"observability-operator": {
			{"update", stackGroup, "monitoringstacks", true},
			{"patch", stackGroup, "prometheuses", true},
			{"create", "rbac.authorization.k8s.io", "clusterroles", true},
			{"create", "apps", "statefulsets", false},
			{"list", monitoringGroup, "prometheuses", false},
			{"*", "*", "*", false},
		},
	}
	for name, rights := range tests {
		config, err := clientcmd.BuildConfigFromFlags("", state.Folder(s.folder).Config(name+".kubeconfig"))
		if err != nil {
			t.Fatal(err)
		}
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		for _, right := range rights {
			review, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), &authorizationv1.SelfSubjectAccessReview{
				Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
					Verb: right.verb, Group: right.group, Resource: right.resource,
				}},
			}, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if review.Status.Allowed != right.want {
				t.Errorf("%s may %s %s in %q: got %t, want %t", name, right.verb, right.resource, right.group, review.Status.Allowed, right.want)
			}
		}
	}
}
