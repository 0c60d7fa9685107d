// SPDX-License-Identifier: Apache-2.0

// This file watches which Alertmanagers hold a tenant's receivers while a test moves it.

package moves

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/status"
)

// groups are the API groups that Alertmanagers are made in.
func groups() []string { return []string{"monitoring.coreos.com", "monitoring.rhobs"} }

// groupOf returns the group that a version makes its Alertmanager in.
func groupOf(version score.APIVersion) string {
	if version == score.V3RHOB {
		return "monitoring.rhobs"
	}
	return "monitoring.coreos.com"
}

// sampler looks again and again whether a ready Alertmanager of a namespace holds all channels.
type sampler struct {
	t         *testing.T
	client    *cluster.Client
	namespace string
	channels  []string
	// leaving is the group whose Alertmanager loses its receivers. It is looked at first: the other one has them before
	// this one loses them, so that looking in this order never misses both.
	leaving string
	stop    context.CancelFunc
	done    sync.WaitGroup

	samples int
	gaps    []string
}

// sampleEvery is the time between two samples. The replay of all changes is what sees everything; sampling asks as the
// program itself does.
const sampleEvery = 100 * time.Millisecond

// sample looks at once, and then again and again until end is called.
func sample(t *testing.T, client *cluster.Client, namespace string, leaving score.APIVersion, channels ...string) *sampler {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	s := &sampler{t: t, client: client, namespace: namespace, channels: channels, leaving: groupOf(leaving), stop: stop}
	s.take(ctx)
	s.done.Go(func() {
		ticker := time.NewTicker(sampleEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				s.take(ctx)
			}
		}
	})
	return s
}

// take takes one sample.
func (s *sampler) take(ctx context.Context) {
	holders, seen, err := s.look(ctx)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		s.gaps = append(s.gaps, fmt.Sprintf("could not look: %v", err))
	case len(holders) == 0:
		s.gaps = append(s.gaps, fmt.Sprintf("%s: no ready Alertmanager holds %v; seen: %s", time.Now().Format("15:04:05.000"), s.channels, seen))
	}
	s.samples++
}

// end takes a last sample and fails the test when there was a gap.
func (s *sampler) end() {
	s.t.Helper()
	s.stop()
	s.done.Wait()
	s.take(s.t.Context())
	if len(s.gaps) > 0 {
		s.t.Errorf("%s: got %d of %d samples without a ready Alertmanager that holds the receivers, want none; first:\n%s",
			s.namespace, len(s.gaps), s.samples, strings.Join(s.gaps[:min(len(s.gaps), 5)], "\n"))
	}
	s.t.Logf("%s: %d samples, %d gaps", s.namespace, s.samples, len(s.gaps))
}

// look returns the ready Alertmanagers that hold all channels, and what was seen in words.
func (s *sampler) look(ctx context.Context) (holders []string, seen string, err error) {
	order := groups()
	if order[0] != s.leaving {
		slices.Reverse(order)
	}
	var words []string
	for _, group := range order {
		servers, err := s.client.List(ctx, schema.GroupVersionKind{Group: group, Version: "v1", Kind: "Alertmanager"}, s.namespace, "", "")
		if err != nil {
			return nil, "", err
		}
		for n := range servers {
			name := servers[n].GetName()
			held, err := status.Receivers(ctx, s.client, s.namespace, name)
			if err != nil {
				return nil, "", err
			}
			available := conditionTrue(&servers[n], "Available")
			words = append(words, fmt.Sprintf("%s %s available=%t holds %v", group, name, available, held))
			if available && holdsAll(s.namespace, held, s.channels) {
				holders = append(holders, group+"/"+name)
			}
		}
	}
	return holders, strings.Join(words, "; "), nil
}

// holdsAll reports whether the receivers' names, which the operator prefixes, are there for every channel.
func holdsAll(namespace string, held, channels []string) bool {
	for _, channel := range channels {
		if !slices.ContainsFunc(held, func(name string) bool {
			return strings.HasPrefix(name, namespace+"/") && strings.HasSuffix(name, "/"+channel)
		}) {
			return false
		}
	}
	return true
}

func conditionTrue(object *unstructured.Unstructured, name string) bool {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == name {
			return c["status"] == "True"
		}
	}
	return false
}
