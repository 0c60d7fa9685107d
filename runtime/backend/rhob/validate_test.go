// SPDX-License-Identifier: Apache-2.0

// This file holds what the backend says of itself against the types.

package rhob_test

import (
	"reflect"
	"strings"
	"testing"

	rhobsv1alpha1 "github.com/rhobs/observability-operator/pkg/apis/monitoring/v1alpha1"

	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/rhob"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func TestNoShards(t *testing.T) {
	if rhob.New().Capabilities().Supports(backend.FeatureShards) {
		t.Error("a MonitoringStack supports shards, want not")
	}
}

// TestGapsOfTheStack fails when the type of the MonitoringStack grows what the backend says that it lacks, so that the
// backend learns it.
func TestGapsOfTheStack(t *testing.T) {
	for _, test := range []struct {
		of    reflect.Type
		lacks []string
	}{
		{reflect.TypeFor[rhobsv1alpha1.MonitoringStackSpec](), []string{"Shards", "EnforcedNamespaceLabel"}},
		{reflect.TypeFor[rhobsv1alpha1.PrometheusConfig](), []string{"Shards", "EnforcedNamespaceLabel", "ExternalURL"}},
		{reflect.TypeFor[rhobsv1alpha1.AlertmanagerConfig](), []string{"Replicas", "MatcherStrategy", "PersistentVolumeClaim"}},
	} {
		for _, name := range test.lacks {
			if _, has := test.of.FieldByName(name); has {
				t.Errorf("%s has %s now", test.of, name)
			}
		}
	}
}

// TestDialect expects settings that the fork does not have yet to be reported at their place, and no others.
func TestDialect(t *testing.T) {
	channel := samples.Webhook("https://audit.example.org")
	if problems := rhob.New().Sender().Check(channel); len(problems) > 0 {
		t.Errorf("got %v, want nothing against a webhook", problems)
	}
	channel.Receiver.Fields = append(channel.Receiver.Fields, score.Field{Name: "payload", Argument: "payload", Value: "{}"})
	problems := rhob.New().Sender().Check(channel)
	if len(problems) != 1 || problems[0].Code != "unsupported-setting" || problems[0].Position.Line != 20 || !strings.Contains(problems[0].Summary, "V3_RHOB") {
		t.Errorf("got %v, want one problem with the payload", problems)
	}
}
