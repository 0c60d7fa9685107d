// SPDX-License-Identifier: Apache-2.0

// This file makes the routes from the stack's alerts to its channels.

package alertmanagerconfig

import (
	"encoding/json"
	"errors"
	"fmt"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	v1alpha1types "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1alpha1"
	"github.com/prometheus/alertmanager/matcher/parse"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// How notifications are grouped and timed. All channels share it. The times are Alertmanager's own defaults,
// written out so that they are the same whatever version of Alertmanager runs.
const (
	// GroupWait is how long the first notification of a group waits for other alerts to join it.
	GroupWait = "30s"
	// GroupInterval is how long a group waits before it tells of alerts that joined later.
	GroupInterval = "5m"
	// RepeatInterval is how long it takes until a notification is sent again while its alerts still fire.
	RepeatInterval = "4h"
)

// GroupBy returns the labels whose values make a group: one notification per alert and namespace.
func GroupBy() []string { return []string{"alertname", "namespace"} }

// rootReceiver returns the name of the receiver that notifies nobody: "null", as operators call it, unless a
// channel has that name.
func rootReceiver(taken map[string]bool) string {
	name := "null"
	for taken[name] {
		name += "-"
	}
	return name
}

// routeTo returns a route that gives each channel every alert that its matchers let through. The root notifies
// nobody, and every child goes on to the next, so that channels do not take alerts from each other.
func routeTo(channels []score.AlertChannel, root string) (*v1alpha1.RouteApplyConfiguration, error) {
	route := v1alpha1.Route().WithReceiver(root).WithGroupBy(GroupBy()...).WithGroupWait(monitoringv1.NonEmptyDuration(GroupWait)).
		WithGroupInterval(monitoringv1.NonEmptyDuration(GroupInterval)).WithRepeatInterval(monitoringv1.NonEmptyDuration(RepeatInterval))
	var errs []error
	for _, channel := range channels {
		child := v1alpha1.Route().WithReceiver(channel.Name).WithContinue(true)
		for _, text := range channel.Matchers {
			matchers, err := matchersOf(text)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s %q: matcher %q: %w", channel.Constructor, channel.Name, text, err))
				continue
			}
			child.WithMatchers(matchers...)
		}
		encoded, err := json.Marshal(child)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %q: route: %w", channel.Constructor, channel.Name, err))
			continue
		}
		route.WithRoutes(apiextensionsv1.JSON{Raw: encoded})
	}
	return route, errors.Join(errs...)
}

// matchersOf reads Alertmanager's own syntax: one matcher, or several in braces with commas between them.
func matchersOf(text string) ([]*v1alpha1.MatcherApplyConfiguration, error) {
	parsed, err := parse.Matchers(text)
	if err != nil {
		return nil, err
	}
	matchers := make([]*v1alpha1.MatcherApplyConfiguration, len(parsed))
	for i, m := range parsed {
		matchers[i] = v1alpha1.Matcher().WithName(m.Name).WithValue(m.Value).WithMatchType(v1alpha1types.MatchType(m.Type.String()))
	}
	return matchers, nil
}
