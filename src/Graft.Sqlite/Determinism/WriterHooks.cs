using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Graft.Sqlite;

/// <summary>What is put under the one connection that writes: the entry's chance, the authorizer, the step budget, and eyes on what happens.</summary>
/// <remarks>No exception leaves a callback: SQLite couldn't be unwound.</remarks>
internal sealed unsafe class WriterHooks : IDisposable
{
    /// <summary>How many steps lie between two calls of the progress handler.</summary>
    internal const int StepsPerCall = 1000;

    private const int Utf8 = 1;

    // Functions of ours may stand in defaults, triggers and views though the schema isn't trusted; without DETERMINISTIC, indexes refuse them.
    private const int Innocuous = 0x200000;

    // A function of SQLite's is told its context alone, and two libraries may be loaded: whose context it is, the thread knows.
    [ThreadStatic]
    private static WriterHooks? _running;

    private readonly SqliteConnection _connection;
    private GCHandle _self;
    private EntryRandom _random;
    private int _totalChangesBase;
    private long _callsLeft;
    private int? _shownChanges;

    internal WriterHooks(SqliteConnection connection)
    {
        _connection = connection;
        _self = GCHandle.Alloc(this);
        nint argument = GCHandle.ToIntPtr(_self);
        SqliteLibrary library = connection.Library;
        Register("random"u8, 0, &Random);
        Register("randomblob"u8, 1, &RandomBlob);
        Register("changes"u8, 0, &Changes);
        Register("total_changes"u8, 0, &TotalChanges);
        library.SetAuthorizer(connection.Handle, &Authorize, argument);
        library.UpdateHook(connection.Handle, &Updated, argument);
        library.WalHook(connection.Handle, &Committed, argument);
    }

    internal WriteAuthorizer Authorizer { get; } = new();

    /// <summary>A row with the rowid 2⁶³−1 was written since <see cref="BeginEntry"/>.</summary>
    internal bool SawLastRowId { get; private set; }

    /// <summary>The rowid of the last row that a virtual table has got since <see cref="BeginSteps"/>; null if none.</summary>
    internal long? VirtualRowId { get; private set; }

    /// <summary>The budget has cut a statement short since <see cref="BeginSteps"/>.</summary>
    internal bool WasCut { get; private set; }

    /// <summary>FTS4 was told to merge by itself since <see cref="BeginEntry"/>: it keeps that in a row of its own.</summary>
    internal bool SawAutomerge { get; private set; }

    /// <summary>How many pages the WAL has, as of the last commit.</summary>
    internal int WalPages { get; private set; }

    public void Dispose()
    {
        if (_self.IsAllocated)
        {
            _self.Free();
        }
    }

    /// <summary>Makes chance and connection state what they are at the beginning of every entry (docs/internals/sqlite.md, D2 and D5).</summary>
    internal void BeginEntry(ulong seed)
    {
        _running = this;
        _random = new EntryRandom(seed);
        _totalChangesBase = _connection.Library.TotalChanges(_connection.Handle);
        _connection.Library.SetLastInsertRowId(_connection.Handle, 0);
        _shownChanges = null;
        SawLastRowId = false;
        SawAutomerge = false;
    }

    /// <summary>
    /// Lets <c>changes()</c> say what the statement before has changed, though statements inside a virtual table have run since. SQLite's own number is zero now.
    /// </summary>
    internal void ShowChanges(int changes) => _shownChanges = changes;

    /// <summary>Has <c>total_changes()</c> forget what a statement has changed that was undone with its transaction.</summary>
    internal void Uncount(int changes) => _totalChangesBase += changes;

    /// <summary>What the next statement would be shown.</summary>
    internal EntryState State() =>
        new(_random, _connection.Library.TotalChanges(_connection.Handle) - _totalChangesBase, _connection.Library.LastInsertRowId(_connection.Handle), SawLastRowId, SawAutomerge);

    /// <summary>Goes on behind a statement that isn't run again, as if it had been.</summary>
    internal void GoOn(in EntryState state)
    {
        _random = state.Random;
        _totalChangesBase = _connection.Library.TotalChanges(_connection.Handle) - state.TotalChanges;
        _connection.Library.SetLastInsertRowId(_connection.Handle, state.LastRowId);
        SawLastRowId |= state.SawLastRowId;
        SawAutomerge |= state.SawAutomerge;
    }

    /// <summary>Lets a statement take this many steps.</summary>
    internal void BeginSteps(long steps)
    {
        _callsLeft = Math.Max(0, steps) / StepsPerCall;
        WasCut = false;
        VirtualRowId = null;
        _connection.Library.ProgressHandler(_connection.Handle, StepsPerCall, &Progress, GCHandle.ToIntPtr(_self));
    }

    /// <summary>Counts no steps any more: what SQLite runs to read the schema isn't the statement's.</summary>
    internal void EndSteps() => _connection.Library.ProgressHandler(_connection.Handle, 0, null, 0);

    internal void WalIsNew() => WalPages = 0;

    private static WriterHooks Of(nint argument) => (WriterHooks)GCHandle.FromIntPtr(argument).Target!;

    private void Register(ReadOnlySpan<byte> name, int arguments, delegate* unmanaged[Cdecl]<nint, int, nint*, void> function)
    {
        int code;
        fixed (byte* text = name)
        {
            code = _connection.Library.CreateFunctionV2(
                _connection.Handle, text, arguments, Utf8 | Innocuous, GCHandle.ToIntPtr(_self), function, 0, 0, 0);
        }

        if (code != ResultCode.Ok)
        {
            throw _connection.Failed(code);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Random(nint context, int count, nint* values)
    {
        WriterHooks? me = _running;
        me?._connection.Library.ResultInt64(context, unchecked((long)me._random.Next()));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void RandomBlob(nint context, int count, nint* values)
    {
        WriterHooks? me = _running;
        if (me is null)
        {
            return;
        }

        SqliteLibrary library = me._connection.Library;
        long wanted = Math.Max(1, library.ValueInt64(values[0]));
        if (wanted > FixedSettings.ValueBytesMax)
        {
            library.ResultTooBig(context);
            return;
        }

        void* bytes = NativeMemory.Alloc((nuint)wanted);
        me._random.Fill(new Span<byte>(bytes, (int)wanted));
        library.ResultBlob(context, (byte*)bytes, (int)wanted, SqliteLibrary.Transient);
        NativeMemory.Free(bytes);
    }

    // What is shown holds until a statement of a trigger counts anew.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Changes(nint context, int count, nint* values)
    {
        WriterHooks? me = _running;
        if (me is not null)
        {
            SqliteLibrary library = me._connection.Library;
            int changes = library.Changes(me._connection.Handle);
            library.ResultInt64(context, changes == 0 ? me._shownChanges ?? 0 : changes);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void TotalChanges(nint context, int count, nint* values)
    {
        WriterHooks? me = _running;
        if (me is not null)
        {
            SqliteLibrary library = me._connection.Library;
            library.ResultInt64(context, unchecked(library.TotalChanges(me._connection.Handle) - me._totalChangesBase));
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Authorize(nint argument, int action, byte* first, byte* second, byte* database, byte* within) =>
        (int)Of(argument).Authorizer.Judge(
            (AuthorizerAction)action, SqliteLibrary.Span(first), SqliteLibrary.Span(second), SqliteLibrary.Span(database), SqliteLibrary.Span(within));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Updated(nint argument, int operation, byte* database, byte* table, long rowId)
    {
        // A delete of such a row is harmless, and the way to be rid of one that was loaded.
        if (rowId == long.MaxValue && operation != (int)AuthorizerAction.Delete)
        {
            Of(argument).SawLastRowId = true;
        }

        const long AutomergeRow = 2;
        if (rowId == AutomergeRow && operation != (int)AuthorizerAction.Delete && Of(argument).Authorizer.IsStatOfVirtual(SqliteLibrary.Span(table)))
        {
            Of(argument).SawAutomerge = true;
        }

        if (operation == (int)AuthorizerAction.Insert && OwnNames.IsRowOfVirtual(SqliteLibrary.Span(table)))
        {
            Of(argument).VirtualRowId = rowId;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Committed(nint argument, nint connection, byte* database, int pages)
    {
        Of(argument).WalPages = pages;
        return ResultCode.Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Progress(nint argument)
    {
        WriterHooks me = Of(argument);
        if (--me._callsLeft >= 0)
        {
            return 0;
        }

        me.WasCut = true;
        return 1;
    }
}
