using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Graft.Sqlite;

/// <summary>What is put under a connection that reads: the authorizer, and the end of its patience.</summary>
internal sealed unsafe class ReaderHooks : IDisposable
{
    private const int StepsPerCall = 1000;

    private readonly SqliteConnection _connection;
    private readonly TimeProvider _time;
    private GCHandle _self;
    private long _deadline = long.MaxValue;
    private CancellationToken _cancellation;
    private volatile bool _isInTheWay;

    internal ReaderHooks(SqliteConnection connection, TimeProvider time)
    {
        (_connection, _time) = (connection, time);
        _self = GCHandle.Alloc(this);
        nint argument = GCHandle.ToIntPtr(_self);
        connection.Library.SetAuthorizer(connection.Handle, &Authorize, argument);
        connection.Library.ProgressHandler(connection.Handle, StepsPerCall, &Progress, argument);
    }

    internal ReadAuthorizer Authorizer { get; } = new();

    /// <summary>It was ended because it holds back the WAL.</summary>
    internal bool IsInTheWay => _isInTheWay;

    public void Dispose()
    {
        if (_self.IsAllocated)
        {
            _connection.Library.ProgressHandler(_connection.Handle, 0, null, 0);
            _self.Free();
        }
    }

    /// <summary>Ends what runs after a while, or when its asker has gone.</summary>
    internal void Begin(TimeSpan time, CancellationToken cancellation)
    {
        _cancellation = cancellation;
        double ticks = time.TotalSeconds * _time.TimestampFrequency;
        _deadline = ticks >= long.MaxValue / 2 ? long.MaxValue : _time.GetTimestamp() + (long)ticks;
    }

    internal void End() => (_deadline, _cancellation) = (long.MaxValue, CancellationToken.None);

    /// <summary>Whoever had it before was asked to give way, and not who has it now.</summary>
    internal void Welcome() => _isInTheWay = false;

    /// <summary>Ends what runs at the next occasion: it holds back the WAL. Any thread.</summary>
    internal void GiveWay() => _isInTheWay = true;

    private static ReaderHooks Of(nint argument) => (ReaderHooks)GCHandle.FromIntPtr(argument).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Authorize(nint argument, int action, byte* first, byte* second, byte* database, byte* within) =>
        (int)Of(argument).Authorizer.Judge((AuthorizerAction)action, SqliteLibrary.Span(first), SqliteLibrary.Span(second));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Progress(nint argument)
    {
        ReaderHooks me = Of(argument);
        return me._isInTheWay || me._cancellation.IsCancellationRequested || (me._deadline != long.MaxValue && me._time.GetTimestamp() >= me._deadline) ? 1 : 0;
    }
}
