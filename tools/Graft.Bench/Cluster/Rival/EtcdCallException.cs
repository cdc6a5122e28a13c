namespace Graft.Bench.Cluster.Rival;

/// <summary>A member of etcd has answered with an error.</summary>
/// <param name="status">A code of gRPC as text, or <c>HTTP</c> and its status.</param>
/// <param name="message">What it said.</param>
internal sealed class EtcdCallException(string status, string message) : Exception($"Status {status}: {message}")
{
    // FAILED_PRECONDITION, INVALID_ARGUMENT and RESOURCE_EXHAUSTED: etcd says them before it proposes anything.
    internal bool IsRefusal => status is "3" or "8" or "9";
}
