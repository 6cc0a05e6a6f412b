package main

import (
	"context"
	"os"

	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

var pool *pgxpool.Pool

// What a statement can be sent to: the pool, or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, values ...interface{}) (pgx.Rows, error)
}

// Ten connections to the server that PGHOST names; each keeps its statements prepared.
func openPool(ctx context.Context) error {
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		return err
	}
	config.MaxConns = 10
	config.ConnConfig.RuntimeParams["options"] = os.Getenv("PGOPTIONS")
	pool, err = pgxpool.ConnectConfig(ctx, config)
	return err
}

// Calls each for every row of one of the shared statements.
func rows(ctx context.Context, on querier, name string, each func(pgx.Rows) error, values ...interface{}) error {
	found, err := on.Query(ctx, shared.Statements[name], values...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		if err := each(found); err != nil {
			return err
		}
	}
	return found.Err()
}

func nothing(pgx.Rows) error { return nil }
