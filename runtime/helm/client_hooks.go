// SPDX-License-Identifier: Apache-2.0

// This file is what Helm's client does for hooks.

package helm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
)

// hookPoll is how often a hook's Job is looked at.
const hookPoll = time.Second

// Delete removes the objects of hooks, as their policies ask for.
func (c *client) Delete(resources kube.ResourceList) (*kube.Result, []error) {
	result, failures := c.Client.Delete(resources)
	for i, err := range failures {
		failures[i] = c.ofHook(withoutAddress(err))
	}
	return result, failures
}

func (c *client) ofHook(err error) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.ofHooks = append(c.ofHooks, err)
	return err
}

// explained gives the error of an operation the errors of requests about hooks, which tell whether it is known what became of them.
func (c *client) explained(err error) error {
	if err == nil || len(c.ofHooks) == 0 {
		return err
	}
	return &hookError{err, c.ofHooks}
}

// hookError has Helm's words for what went wrong with a hook, and the reasons that these words are about.
type hookError struct {
	error
	reasons []error
}

// Unwrap returns all that is known.
func (e *hookError) Unwrap() []error { return append([]error{e.error}, e.reasons...) }

// WatchUntilReady waits until the Jobs and Pods of a hook have ended.
func (c *client) WatchUntilReady(resources kube.ResourceList, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(c.ctx, timeout)
	defer cancel()
	for _, info := range resources {
		for {
			done, err := c.ended(info)
			if err != nil {
				return c.ofHook(fmt.Errorf("hook %s: %w", nameOfInfo(info), err))
			}
			if done {
				break
			}
			select {
			case <-ctx.Done():
				if c.ctx.Err() != nil {
					return c.ctx.Err()
				}
				return fmt.Errorf("hook %s: it did not end within %s", nameOfInfo(info), timeout)
			case <-time.After(hookPoll):
			}
		}
	}
	return nil
}

// ended reports whether a hook's object has done its work. Only Jobs and Pods have any.
func (c *client) ended(info *resource.Info) (bool, error) {
	kind := info.Mapping.GroupVersionKind.Kind
	if kind != "Job" && kind != "Pod" {
		return true, nil
	}
	if err := info.Get(); err != nil {
		return false, withoutAddress(err)
	}
	object, ok := info.Object.(*unstructured.Unstructured)
	if !ok {
		return false, fmt.Errorf("got %T, want an object", info.Object)
	}
	if kind == "Pod" {
		phase, _, _ := unstructured.NestedString(object.Object, "status", "phase")
		if phase == "Failed" {
			return false, errors.New("the pod failed")
		}
		return phase == "Succeeded", nil
	}
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, condition := range conditions {
		fields, _ := condition.(map[string]any)
		if fields["status"] != "True" {
			continue
		}
		switch fields["type"] {
		case "Complete":
			return true, nil
		case "Failed":
			return false, fmt.Errorf("the job failed: %v", fields["message"])
		}
	}
	return false, nil
}

func isHook(info *resource.Info) bool {
	access, err := meta.Accessor(info.Object)
	return err == nil && access.GetAnnotations()[helmrelease.HookAnnotation] != ""
}
