// SPDX-License-Identifier: Apache-2.0

// Command observability-operator runs one controller of observability-operator: the one that makes a Prometheus and an Alertmanager of every
// MonitoringStack. The operator's own program cannot be built from its module alone, listens on fixed ports on all interfaces, and brings controllers
// for OpenShift.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	monitoringv1 "github.com/rhobs/obo-prometheus-operator/pkg/apis/monitoring/v1"
	stackv1alpha1 "github.com/rhobs/observability-operator/pkg/apis/monitoring/v1alpha1"
	monitoringstack "github.com/rhobs/observability-operator/pkg/controllers/monitoring/monitoring-stack"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// instanceSelector is the label by which the operator marks what it makes. observability-operator v1.2.0 has no other.
const instanceSelector = "app.kubernetes.io/managed-by=observability-operator"

func main() {
	// controller-runtime adds --kubeconfig.
	address := flag.String("web-bind-address", "127.0.0.1:8080", "where /metrics and /readyz are served, without encryption")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctrl.SetLogger(logr.FromSlogHandler(slog.NewTextHandler(os.Stderr, nil)))
	if err := run(ctx, *address); err != nil {
		fmt.Fprintln(os.Stderr, "observability-operator:", err)
		os.Exit(1)
	}
}

// run reconciles until ctx ends.
func run(ctx context.Context, address string) error {
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	// The API server limits its clients itself. With the client's own limit of 20 requests a second, a reconciliation takes longer than the second to which the
	// controller rounds the times in the status, so that every one changes the status and thereby causes the next.
	config.QPS, config.Burst = -1, -1
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), monitoringv1.AddToScheme(scheme), stackv1alpha1.AddToScheme(scheme)); err != nil {
		return fmt.Errorf("make the scheme: %w", err)
	}
	var informers cache.Cache
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme,
		Metrics: server.Options{BindAddress: address, ExtraHandlers: map[string]http.Handler{
			"/readyz": healthz.CheckHandler{Checker: func(request *http.Request) error { return synced(request.Context(), informers) }},
		}},
		HealthProbeBindAddress: "0", // /readyz is above
	})
	if err != nil {
		return fmt.Errorf("make the manager: %w", err)
	}
	informers = manager.GetCache()
	// Asking for the informer here makes the manager fill it before it starts the controller, so that "ready" says that MonitoringStacks can be read.
	if _, err := informers.GetInformer(ctx, &stackv1alpha1.MonitoringStack{}, cache.BlockUntilSynced(false)); err != nil {
		return fmt.Errorf("watch MonitoringStacks: %w", err)
	}
	if err := monitoringstack.RegisterWithManager(manager, monitoringstack.Options{InstanceSelector: instanceSelector}); err != nil {
		return fmt.Errorf("register the MonitoringStack controller: %w", err)
	}
	if err := manager.Start(ctx); err != nil {
		return fmt.Errorf("run the controller: %w", err)
	}
	return nil
}

// synced fails while what is watched has not been listed yet.
func synced(ctx context.Context, informers cache.Cache) error {
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if !informers.WaitForCacheSync(ctx) {
		return errors.New("MonitoringStacks are not listed yet")
	}
	return nil
}
