package main

import (
	"context"
	"sync"

	graphql "github.com/graph-gophers/graphql-go"
	"github.com/jackc/pgx/v4"
)

// The first members of each account of a list, and their people, each read once.
type members struct {
	once      sync.Once
	byAccount map[string][]*member
	failed    error
	people    sync.Once
	users     map[string]*user
	unread    error
}

type member struct {
	uuid, userID, role string
	all                *members
}

type user struct {
	uuid, name, email string
}

type memberConnection struct {
	nodes []*member
}

type role struct {
	name string
}

func (m *members) of(ctx context.Context, a *account, first int32) ([]*member, error) {
	m.once.Do(func() {
		shown := []string{}
		m.byAccount = map[string][]*member{}
		for _, one := range a.list.accounts {
			if one.membersShown {
				shown = append(shown, one.uuid)
				m.byAccount[one.uuid] = []*member{}
			}
		}
		m.failed = rows(ctx, pool, "firstMembers", func(row pgx.Rows) error {
			one, accountID := &member{all: m}, ""
			err := row.Scan(&one.uuid, &accountID, &one.userID, &one.role)
			m.byAccount[accountID] = append(m.byAccount[accountID], one)
			return err
		}, shown, first)
	})
	return m.byAccount[a.uuid], m.failed
}

func (m *members) user(ctx context.Context, id string) (*user, error) {
	m.people.Do(func() {
		wanted := []string{}
		m.users = map[string]*user{}
		for _, found := range m.byAccount {
			for _, one := range found {
				if _, known := m.users[one.userID]; !known {
					m.users[one.userID] = nil
					wanted = append(wanted, one.userID)
				}
			}
		}
		m.unread = rows(ctx, pool, "usersById", func(row pgx.Rows) error {
			one := &user{}
			err := row.Scan(&one.uuid, &one.name, &one.email)
			m.users[one.uuid] = one
			return err
		}, wanted)
	})
	return m.users[id], m.unread
}

func (c *memberConnection) Nodes() []*member { return c.nodes }

func (m *member) ID() graphql.ID { return graphql.ID("memb_" + m.uuid) }
func (m *member) Role() *role    { return &role{m.role} }

func (m *member) User(ctx context.Context) (*user, error) { return m.all.user(ctx, m.userID) }

func (r *role) Name() string { return r.name }

func (u *user) ID() graphql.ID { return graphql.ID("user_" + u.uuid) }
func (u *user) Name() string   { return u.name }
func (u *user) Email() string  { return u.email }
