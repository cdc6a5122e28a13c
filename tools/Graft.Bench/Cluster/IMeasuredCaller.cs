using Graft.NodeProcess;

namespace Graft.Bench.Cluster;

/// <summary>The calls of one client. One at a time; none takes longer than ten seconds.</summary>
internal interface IMeasuredCaller
{
    /// <summary>Writes its own key anew.</summary>
    Task<CallEnd> WriteAsync();

    /// <summary>Reads its own key, at the level that is measured.</summary>
    Task<CallEnd> ReadAsync();
}
