-- What was loaded into the store from elsewhere, and whether all of it is here.

CREATE TABLE loads (
    source TEXT NOT NULL PRIMARY KEY,
    complete INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
