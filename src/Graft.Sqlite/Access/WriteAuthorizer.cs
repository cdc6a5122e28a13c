using System.Text;

namespace Graft.Sqlite;

/// <summary>Says what a replicated statement may do (docs/internals/sqlite.md, section 7), and notes what it does.</summary>
/// <remarks>
/// What a column's default calls is never reported, so nothing about determinism rests on this. It says no while a statement is prepared and never afterwards.
/// </remarks>
internal sealed class WriteAuthorizer
{
    private readonly HashSet<string> _virtualTables = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What is going on is our own, and may do anything.</summary>
    internal bool IsTrusted { get; set; } = true;

    /// <summary>A command of its own vacuums: SQLite attaches a file without a name.</summary>
    internal bool IsVacuuming { get; set; }

    /// <summary>The text that is run speaks of <c>data_version</c> itself: a number of this connection.</summary>
    internal bool NamesDataVersion { get; set; }

    /// <summary>What has been seen since it was set to none.</summary>
    internal StatementTraits Traits { get; set; }

    /// <summary>Why the last statement was refused; null if it wasn't.</summary>
    internal string? Refusal { get; set; }

    /// <summary>Notes which tables are virtual; after each change of the schema.</summary>
    internal void KnowVirtualTables(IEnumerable<string> names)
    {
        _virtualTables.Clear();
        _virtualTables.UnionWith(names);
    }

    internal Verdict Judge(AuthorizerAction action, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> database)
    {
        if (IsTrusted)
        {
            return Verdict.Allow;
        }

        switch (action)
        {
            case AuthorizerAction.Read:
                return JudgeRead(first, second);
            case AuthorizerAction.Insert or AuthorizerAction.Update or AuthorizerAction.Delete:
                return JudgeChange(first);
            case AuthorizerAction.Function:
                return OwnNames.Is(second, "load_extension"u8) || OwnNames.Is(second, "fts3_tokenizer"u8)
                    ? Refuse($"{Encoding.UTF8.GetString(second)} {Refusals.Code}")
                    : Verdict.Allow;
            case AuthorizerAction.Transaction:
                Traits |= OwnNames.Is(first, "BEGIN"u8) ? StatementTraits.Begins
                    : OwnNames.Is(first, "ROLLBACK"u8) ? StatementTraits.RollsBack : StatementTraits.Commits;
                return Verdict.Allow;
            case AuthorizerAction.Savepoint:
                return Refuse(Refusals.Savepoint);
            case AuthorizerAction.Pragma when OwnNames.Is(first, "data_version"u8) && !NamesDataVersion:
                // FTS5 looks at it from inside, to know whether its caches still hold.
                return Verdict.Allow;
            case AuthorizerAction.Pragma:
                Traits |= StatementTraits.Pragma;
                return Pragmas.IsForWrites(first) ? Verdict.Allow : Refuse(Refusals.Pragma(Encoding.UTF8.GetString(first)));
            case AuthorizerAction.Attach:
                return IsVacuuming && first.IsEmpty ? Verdict.Allow : Refuse(Refusals.Attach);
            case AuthorizerAction.Detach:
                return IsVacuuming ? Verdict.Allow : Refuse(Refusals.Attach);
            case AuthorizerAction.Analyze:
                return OwnNames.IsOurs(first) ? Verdict.Ignore : Verdict.Allow;
            case AuthorizerAction.Select or AuthorizerAction.Recursive or AuthorizerAction.Reindex:
                return Verdict.Allow;
            default:
                return JudgeSchemaChange(action, first, second, database);
        }
    }

    private static bool IsInner(ReadOnlySpan<byte> table) =>
        OwnNames.Is(table, "dbstat"u8) || OwnNames.Is(table, "sqlite_stmt"u8) || OwnNames.Is(table, "sqlite_dbpage"u8)
        || OwnNames.Is(table, "bytecode"u8) || OwnNames.Is(table, "tables_used"u8)
        || OwnNames.Is(table, "pragma_data_version"u8);

    private Verdict JudgeRead(ReadOnlySpan<byte> table, ReadOnlySpan<byte> column)
    {
        if (OwnNames.IsOurs(table))
        {
            return Refuse(Refusals.Own);
        }

        if (IsInner(table))
        {
            return Refuse($"{Encoding.UTF8.GetString(table)} {Refusals.Inner}");
        }

        NoteVirtual(table);

        // Which page a table begins at depends on our rows among the user's.
        return OwnNames.IsSchema(table) && OwnNames.Is(column, "rootpage"u8) && !IsVacuuming ? Verdict.Ignore : Verdict.Allow;
    }

    private Verdict JudgeChange(ReadOnlySpan<byte> table)
    {
        if (OwnNames.IsOurs(table))
        {
            return Refuse(Refusals.Own);
        }

        NoteVirtual(table);
        Traits |= StatementTraits.ChangesRows | (OwnNames.IsStatistics(table) ? StatementTraits.WritesStatistics : StatementTraits.None);
        return Verdict.Allow;
    }

    private Verdict JudgeSchemaChange(AuthorizerAction action, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> database)
    {
        Traits |= StatementTraits.ChangesSchema;
        switch (action)
        {
            case AuthorizerAction.CreateTempIndex or AuthorizerAction.CreateTempTable or AuthorizerAction.CreateTempTrigger or AuthorizerAction.CreateTempView
                or AuthorizerAction.DropTempIndex or AuthorizerAction.DropTempTable or AuthorizerAction.DropTempTrigger or AuthorizerAction.DropTempView:
                return Refuse(Refusals.Temporary);
            case AuthorizerAction.AlterTable:
                Traits |= StatementTraits.Alters;
                return OwnNames.Is(first, "temp"u8) ? Refuse(Refusals.Temporary) : OwnNames.IsOurs(second) ? Refuse(Refusals.Own) : Verdict.Allow;
            case AuthorizerAction.DropTable when OwnNames.IsStatistics(first):
                return Refuse(Refusals.Statistics);
            case AuthorizerAction.CreateVirtualTable when !Modules.IsAllowed(second):
                return Refuse(Refusals.Module(Encoding.UTF8.GetString(second)));
            case AuthorizerAction.CreateVirtualTable or AuthorizerAction.DropVirtualTable:
                Traits |= StatementTraits.TouchesVirtual;
                break;
        }

        return OwnNames.Is(database, "temp"u8) ? Refuse(Refusals.Temporary)
            : OwnNames.IsOurs(first) || OwnNames.IsOurs(second) ? Refuse(Refusals.Own)
            : Verdict.Allow;
    }

    // A shadow table is named after its virtual one, an underscore between.
    private void NoteVirtual(ReadOnlySpan<byte> table)
    {
        if (_virtualTables.Count == 0 || Traits.HasFlag(StatementTraits.TouchesVirtual))
        {
            return;
        }

        string name = Encoding.UTF8.GetString(table);
        for (int end = name.Length; end > 0; end = name.LastIndexOf('_', end - 1))
        {
            if (_virtualTables.Contains(name[..end]))
            {
                Traits |= StatementTraits.TouchesVirtual;
                return;
            }
        }
    }

    private Verdict Refuse(string why)
    {
        Refusal ??= why;
        return Verdict.Deny;
    }
}
