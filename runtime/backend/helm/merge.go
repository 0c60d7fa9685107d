// SPDX-License-Identifier: Apache-2.0

// This file merges the script's values over ours.

package helm

import "slices"

// merge returns base with over merged over it, as Helm merges a values file over another: maps are merged, other
// values replaced. A nil stays in the result, where it removes the chart's own default as well. The result shares
// nothing with the two that could be changed.
func merge(base, over map[string]any) map[string]any {
	merged := make(map[string]any, len(base)+len(over))
	for key, value := range base {
		merged[key] = copied(value)
	}
	for key, value := range over {
		below, ok := merged[key].(map[string]any)
		if above, both := value.(map[string]any); ok && both {
			merged[key] = merge(below, above)
			continue
		}
		merged[key] = copied(value)
	}
	return merged
}

func copied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		return merge(value, nil)
	case []any:
		list := make([]any, len(value))
		for i, element := range value {
			list[i] = copied(element)
		}
		return list
	default:
		return value
	}
}

// keepMounts puts the Secrets that the channels need back into the list of those that Alertmanager mounts, where the
// script's own list has taken the place of ours.
func keepMounts(all values, needed []string) {
	alertmanager, _ := all["alertmanager"].(map[string]any)
	spec, _ := alertmanager["alertmanagerSpec"].(map[string]any)
	if spec == nil || len(needed) == 0 {
		return
	}
	list, _ := spec["secrets"].([]any)
	for _, name := range needed {
		if !slices.Contains(list, any(name)) {
			list = append(list, name)
		}
	}
	spec["secrets"] = list
}
