// SPDX-License-Identifier: Apache-2.0

// This file says the stack's routing in the words of the resource.

package alertmanagerconfig

import (
	"encoding/json"
	"errors"
	"fmt"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	v1alpha1types "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1alpha1"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// noLabel is a label that no alert has: Prometheus drops labels that begin with two underscores. The resource cannot
// say that a route groups by no label at all, because it leaves an empty list out; grouping by this one is the same.
const noLabel = "__none__"

// rootReceiver returns the name of the receiver that notifies nobody: "null", as operators call it, unless a
// channel has that name.
func rootReceiver(taken map[string]bool) string {
	name := "null"
	for taken[name] {
		name += "-"
	}
	return name
}

// routingOf returns the resource's spec without its receivers. top is its tree, nobody is the receiver that notifies nobody.
func routingOf(delivery backend.Delivery, top *routing.Node, nobody string) (*v1alpha1.AlertmanagerConfigSpecApplyConfiguration, error) {
	var errs []error
	route, err := routeOf(top, nobody)
	if err != nil {
		errs = append(errs, err)
	}
	spec := v1alpha1.AlertmanagerConfigSpec().WithRoute(route)
	for _, rule := range delivery.InhibitRules {
		source, sourceErr := routing.ParseMatchers(rule.SourceMatchers)
		target, targetErr := routing.ParseMatchers(rule.TargetMatchers)
		if err := errors.Join(sourceErr, targetErr); err != nil {
			errs = append(errs, fmt.Errorf("inhibit_rule: %w", err))
		}
		spec.WithInhibitRules(v1alpha1.InhibitRule().WithSourceMatch(matchersOf(source)...).WithTargetMatch(matchersOf(target)...).WithEqual(rule.Equal...))
	}
	for _, mute := range delivery.MuteTimes {
		interval, err := muteTimeOf(mute)
		if err != nil {
			errs = append(errs, err)
		}
		spec.WithMuteTimeIntervals(interval)
	}
	return spec, errors.Join(errs...)
}

// routeOf returns a node of the tree with all below it.
func routeOf(n *routing.Node, nobody string) (*v1alpha1.RouteApplyConfiguration, error) {
	route := v1alpha1.Route().WithReceiver(nobody).WithMatchers(matchersOf(n.Matchers)...)
	if n.Channel != "" {
		route.WithReceiver(n.Channel)
	}
	if n.GroupBy != nil && len(n.GroupBy) == 0 {
		route.WithGroupBy(noLabel)
	}
	route.WithGroupBy(n.GroupBy...).WithMuteTimeIntervals(n.MuteTimes...).WithActiveTimeIntervals(n.ActiveTimes...)
	if n.Continue {
		route.WithContinue(true)
	}
	for _, duration := range []struct {
		value string
		set   func(monitoringv1.NonEmptyDuration) *v1alpha1.RouteApplyConfiguration
	}{{n.GroupWait, route.WithGroupWait}, {n.GroupInterval, route.WithGroupInterval}, {n.RepeatInterval, route.WithRepeatInterval}} {
		if duration.value != "" {
			duration.set(monitoringv1.NonEmptyDuration(duration.value))
		}
	}
	for _, child := range n.Routes {
		below, err := routeOf(child, nobody)
		if err != nil {
			return nil, err
		}
		encoded, err := json.Marshal(below)
		if err != nil {
			return nil, fmt.Errorf("route: %w", err)
		}
		route.WithRoutes(apiextensionsv1.JSON{Raw: encoded})
	}
	return route, nil
}

func matchersOf(parsed labels.Matchers) []*v1alpha1.MatcherApplyConfiguration {
	matchers := make([]*v1alpha1.MatcherApplyConfiguration, len(parsed))
	for i, m := range parsed {
		matchers[i] = v1alpha1.Matcher().WithName(m.Name).WithValue(m.Value).WithMatchType(v1alpha1types.MatchType(m.Type.String()))
	}
	return matchers
}

func muteTimeOf(mute score.MuteTime) (*v1alpha1.MuteTimeIntervalApplyConfiguration, error) {
	intervals, err := routing.Intervals(mute)
	result := v1alpha1.MuteTimeInterval().WithName(mute.Name)
	for _, given := range intervals {
		interval, encodeErr := timeIntervalOf(given)
		err = errors.Join(err, encodeErr)
		result.WithTimeIntervals(interval)
	}
	return result, err
}

// timeIntervalOf spells every range as Alertmanager itself does.
func timeIntervalOf(given timeinterval.TimeInterval) (*v1alpha1.TimeIntervalApplyConfiguration, error) {
	interval := v1alpha1.TimeInterval()
	for _, r := range given.Times {
		interval.WithTimes(v1alpha1.TimeRange().WithStartTime(timeOf(r.StartMinute)).WithEndTime(timeOf(r.EndMinute)))
	}
	for _, r := range given.Weekdays {
		text, err := r.MarshalText()
		if err != nil {
			return nil, fmt.Errorf("weekdays: %w", err)
		}
		interval.WithWeekdays(v1alpha1types.WeekdayRange(text))
	}
	for _, r := range given.DaysOfMonth {
		interval.WithDaysOfMonth(v1alpha1.DayOfMonthRange().WithStart(r.Begin).WithEnd(r.End))
	}
	for _, r := range given.Months {
		text, err := r.MarshalText()
		if err != nil {
			return nil, fmt.Errorf("months: %w", err)
		}
		interval.WithMonths(v1alpha1types.MonthRange(text))
	}
	for _, r := range given.Years {
		text, err := r.MarshalText()
		if err != nil {
			return nil, fmt.Errorf("years: %w", err)
		}
		interval.WithYears(v1alpha1types.YearRange(text))
	}
	return interval, nil
}

func timeOf(minute int) v1alpha1types.Time {
	return v1alpha1types.Time(fmt.Sprintf("%02d:%02d", minute/60, minute%60))
}
