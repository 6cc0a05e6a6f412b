package main

import (
	"context"

	graphql "github.com/graph-gophers/graphql-go"
)

type root struct{}

type viewer struct{}

type accountConnection struct {
	Nodes []*account
}

func (root) Viewer() *viewer { return &viewer{} }

func (root) Account(ctx context.Context, args struct{ ID graphql.ID }) (*account, error) {
	found, err := readAccounts(ctx, "accountsById", principalIn(ctx).with([]string{uuidOf(args.ID)}))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

func (viewer) Accounts(ctx context.Context, args struct{ First int32 }) (*accountConnection, error) {
	found, err := readAccounts(ctx, "firstAccounts", principalIn(ctx).with(args.First))
	return &accountConnection{found}, err
}
