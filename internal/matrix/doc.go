// SPDX-License-Identifier: Apache-2.0

// Package matrix holds every alert channel, with all of its arguments, against every version of the monitoring API: what is
// compiled, what a version refuses, what the real API server keeps of it, what the real operators make of it, and whether
// Alertmanager and Prometheus read that, the same in every version.
package matrix
