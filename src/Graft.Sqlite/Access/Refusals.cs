namespace Graft.Sqlite;

/// <summary>Why a statement or a request is refused, and what to do instead. The same on every node: these stand in answers.</summary>
internal static class Refusals
{
    internal const string Attach =
        "ATTACH and DETACH aren't allowed: a database of this cluster has one file on each node; put the tables here, or join the data in the client";

    internal const string VacuumAmong =
        "VACUUM can't be part of a transaction; send the one word alone in its request. VACUUM INTO would write a file on every node; use a backup";

    internal const string Code = "isn't allowed: code has to be the same on every node; ask for it to be built in";
    internal const string Temporary = "temporary objects aren't allowed: they would live in one connection of one node; use an ordinary table";

    internal const string Savepoint =
        "SAVEPOINT, RELEASE and ROLLBACK TO aren't allowed: a request is a transaction; make it all or nothing, or write BEGIN … COMMIT in one request";

    internal const string LeftOpen =
        "the request began a transaction and didn't end it; a transaction can't wait for another request, so send the statements together. Nothing of the request has taken effect";

    internal const string Own = "names that begin with _graft_ are Graft's";
    internal const string Statistics = "dropping statistics isn't allowed: plans would differ between nodes until a restart; delete the rows instead";
    internal const string Explain = "EXPLAIN in a write isn't allowed: it shows this node's memory; send it as a query";
    internal const string Inner = "isn't allowed: it shows what differs between nodes";

    internal const string LastRowId =
        "a row with the highest rowid, 9223372036854775807, isn't allowed: behind it SQLite chooses rowids at random, on each node another one. Nothing of the request has taken effect";

    internal const string Automerge =
        "the option automerge of FTS4 isn't allowed: when it merges depends on what each node keeps in memory; merge by 'merge=X,Y' or 'optimize', or use FTS5. Nothing of the request has taken effect";

    internal const string TooManyRollbacks =
        "more than 16 statements of the request rolled their transaction back (OR ROLLBACK, RAISE(ROLLBACK)); send fewer together, or use OR ABORT. Nothing of the request has taken effect";

    internal const string ForeignKey = "FOREIGN KEY constraint failed";

    internal const string TooManyObjects =
        "a database may have 1,000 views, and 10,000 tables and triggers: SQLite compiles them by recursion, and its stack ends there; drop what isn't used. Nothing of the request has taken effect";

    internal const string Zero = "the text has a NUL in it, behind which SQLite would ignore everything; remove it";
    internal const string NotAgreed =
        "the cluster hasn't agreed on a version of SQLite yet: a node proposes its own once it's in touch with a quorum; try again shortly";

    internal const string UnusedValues = "more values were given than there are parameters";
    internal const string Nested = "cannot start a transaction within a transaction";
    internal const string NoTransaction = "cannot commit - no transaction is active";
    internal const string NoRollback = "cannot rollback - no transaction is active";
    internal const string InTheWay = "the query was ended because it held back the checkpoint; read in smaller portions, or from a backup";
    internal const string ReadOnly = "a query can't change the database; send the statement as a write";

    /// <summary>SQLite's error, or ours if it only says that the authorizer said no. A virtual table may be refused something inside and do without; then it's no refusal.</summary>
    internal static (int Code, string Message) Instead(int code, string message, string? refusal) =>
        refusal is not null && (ResultCode.Primary(code) == ResultCode.Authorization || message.StartsWith("not authorized", StringComparison.Ordinal))
            ? (ResultCode.Authorization, refusal)
            : (code, message);

    internal static string Pragma(string name) =>
        $"PRAGMA {name} isn't allowed here: it is fixed for the whole cluster, concerns one node, or changes nothing that lasts";

    internal static string OverBudget(long steps) =>
        $"the request took more than its {steps} steps; give it more, or do less at a time. Nothing of it has taken effect";

    internal static string TooLong(int bytes) =>
        $"the answer would be longer than {bytes} bytes; return less, or allow more. Nothing of the request has taken effect";

    internal static string Shadow(string name) => $"table {name} may not be modified: a virtual table keeps what it has there";

    internal static string Module(string name) => $"the module {name} isn't allowed: what it reads differs between nodes";
}
