// SPDX-License-Identifier: Apache-2.0

// This file says the part of the routing that leads to the channels of the base configuration, in Alertmanager's words.

package alertmanagerconfig

import (
	"errors"
	"fmt"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// receiverName is what the operator would call the receiver of a channel in the stack's AlertmanagerConfig.
func receiverName(delivery backend.Delivery, channel string) string {
	return routing.ReceiverName(delivery.Namespace, backend.StackName(delivery.Stack), channel)
}

// baseTop returns the top of the tree as the operator would put it into the configuration: in a tenant it takes only the
// alerts of the namespace. The operator puts the AlertmanagerConfigs' trees in front, all of which continue.
func baseTop(delivery backend.Delivery, top *routing.Node) map[string]any {
	namespace := ""
	if delivery.Confined {
		namespace = delivery.Namespace
	}
	return baseRoute(delivery, routing.Place(top, namespace).Top.Routes[0])
}

// baseRoute returns a node of the tree with all below it.
func baseRoute(delivery backend.Delivery, n *routing.Node) map[string]any {
	route := map[string]any{"receiver": baseNobody}
	if n.Channel != "" {
		route["receiver"] = receiverName(delivery, n.Channel)
	}
	set := func(name string, value []string) {
		if len(value) > 0 {
			route[name] = value
		}
	}
	set("matchers", spelledMatchers(n.Matchers))
	set("group_by", n.GroupBy)
	if n.GroupBy != nil && len(n.GroupBy) == 0 {
		// The operator leaves an empty list out, and then the parent's would hold.
		set("group_by", []string{noLabel})
	}
	set("mute_time_intervals", n.MuteTimes)
	set("active_time_intervals", n.ActiveTimes)
	if n.Continue {
		route["continue"] = true
	}
	for name, duration := range map[string]string{"group_wait": n.GroupWait, "group_interval": n.GroupInterval, "repeat_interval": n.RepeatInterval} {
		if duration != "" {
			route[name] = duration
		}
	}
	var routes []any
	for _, child := range n.Routes {
		routes = append(routes, baseRoute(delivery, child))
	}
	if len(routes) > 0 {
		route["routes"] = routes
	}
	return route
}

func spelledMatchers(matchers labels.Matchers) []string {
	texts := make([]string, len(matchers))
	for i, m := range matchers {
		texts[i] = m.String()
	}
	return texts
}

// baseMuteTimes returns those of the mute times that a route of the tree names.
func baseMuteTimes(given []score.MuteTime, tree *routing.Node) ([]any, error) {
	used := map[string]bool{}
	noteMuteTimes(tree, used)
	var mutes []any
	var errs []error
	for _, mute := range given {
		if !used[mute.Name] {
			continue
		}
		intervals, err := routing.Intervals(mute)
		errs = append(errs, err)
		var spelled []any
		for _, given := range intervals {
			interval, err := spelledInterval(given)
			errs = append(errs, err)
			spelled = append(spelled, interval)
		}
		mutes = append(mutes, map[string]any{"name": mute.Name, "time_intervals": spelled})
	}
	return mutes, errors.Join(errs...)
}

func noteMuteTimes(n *routing.Node, used map[string]bool) {
	for _, name := range n.MuteTimes {
		used[name] = true
	}
	for _, name := range n.ActiveTimes {
		used[name] = true
	}
	for _, child := range n.Routes {
		noteMuteTimes(child, used)
	}
}

// spelledInterval is timeIntervalOf in Alertmanager's words.
func spelledInterval(given timeinterval.TimeInterval) (map[string]any, error) {
	interval := map[string]any{}
	var errs []error
	add := func(name string, value any) {
		list, _ := interval[name].([]any)
		interval[name] = append(list, value)
	}
	text := func(name string, value []byte, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		add(name, string(value))
	}
	for _, r := range given.Times {
		add("times", map[string]any{"start_time": string(timeOf(r.StartMinute)), "end_time": string(timeOf(r.EndMinute))})
	}
	for _, r := range given.Weekdays {
		value, err := r.MarshalText()
		text("weekdays", value, err)
	}
	for _, r := range given.DaysOfMonth {
		add("days_of_month", fmt.Sprintf("%d:%d", r.Begin, r.End))
	}
	for _, r := range given.Months {
		value, err := r.MarshalText()
		text("months", value, err)
	}
	for _, r := range given.Years {
		value, err := r.MarshalText()
		text("years", value, err)
	}
	return interval, errors.Join(errs...)
}
