// SPDX-License-Identifier: Apache-2.0

// This file reads from a refused server-side apply who owns the fields.

package cluster

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Conflict names a manager and the fields that it owns and we want.
type Conflict struct {
	// Manager is the other field manager: "kubectl-edit".
	Manager string `json:"manager"`
	// Fields are paths, sorted: ".spec.replicas", `.data.key`.
	Fields []string `json:"fields"`
}

// Conflicts returns the conflicts that a server-side apply was refused for, by manager, or nil for other errors.
func Conflicts(err error) []Conflict {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var conflicts []Conflict
	for _, cause := range status.Status().Details.Causes {
		if cause.Type != metav1.CauseTypeFieldManagerConflict {
			continue
		}
		manager := conflictManager(cause.Message)
		i := slices.IndexFunc(conflicts, func(c Conflict) bool { return c.Manager == manager })
		if i < 0 {
			conflicts = append(conflicts, Conflict{Manager: manager})
			i = len(conflicts) - 1
		}
		if !slices.Contains(conflicts[i].Fields, cause.Field) {
			conflicts[i].Fields = append(conflicts[i].Fields, cause.Field)
		}
	}
	for i := range conflicts {
		slices.Sort(conflicts[i].Fields)
	}
	slices.SortFunc(conflicts, func(a, b Conflict) int { return strings.Compare(a.Manager, b.Manager) })
	return conflicts
}

// WithoutConflicts returns an error like err that does not tell the conflicts with one manager.
func WithoutConflicts(err error, manager string) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return err
	}
	s := status.Status()
	s.Details = s.Details.DeepCopy()
	s.Details.Causes = slices.DeleteFunc(s.Details.Causes, func(c metav1.StatusCause) bool {
		return c.Type == metav1.CauseTypeFieldManagerConflict && conflictManager(c.Message) == manager
	})
	return &apierrors.StatusError{ErrStatus: s}
}

// conflictManager reads the name out of `conflict with "kubectl-edit" using v1`: the cause has no field for it.
func conflictManager(message string) string {
	_, rest, found := strings.Cut(message, "conflict with ")
	if !found {
		return "another manager"
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "another manager"
	}
	name, err := strconv.Unquote(quoted)
	if err != nil || name == "" {
		return "another manager"
	}
	return name
}
