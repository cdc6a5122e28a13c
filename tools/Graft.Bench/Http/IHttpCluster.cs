namespace Graft.Bench.Http;

/// <summary>Three servers as processes: ours, or a rival's. Disposing of it ends them.</summary>
internal interface IHttpCluster : IAsyncDisposable
{
    /// <summary>Where the leader is called.</summary>
    Uri Leader { get; }
}
