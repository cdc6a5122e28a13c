using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Graft;

/// <summary>Whether the node can serve (<see cref="NodeStatus.IsReady"/>). Its data are the status of each group, in sentences.</summary>
/// <remarks><c>AddHealthChecks().AddCheck&lt;GraftReadiness&gt;("graft-ready")</c>. It asks no other node.</remarks>
public sealed class GraftReadiness : IHealthCheck
{
    private readonly HostedNode[] _nodes;

    internal GraftReadiness(IEnumerable<HostedNode> nodes) => _nodes = [.. nodes];

    /// <summary>Unhealthy, with the reason in a sentence, while a node of the host is starting or can't serve one of its groups; healthy otherwise.</summary>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        string? why = null;
        foreach (HostedNode hosted in _nodes)
        {
            if (hosted.Node is not { } node)
            {
                why ??= "The node is starting.";
                continue;
            }

            // A group that doesn't come to its turn answers nobody, and a check that waits for it says nothing either.
            NodeStatus status = await node.StatusAsync().WaitAsync(cancellationToken);
            why ??= status.IsReady ? null : status.Explain();
            foreach (GroupStatus group in status.Groups)
            {
                data.Add($"{group.Node} {group.Group}", group.Explain());
            }
        }

        return why is null ? HealthCheckResult.Healthy(data: data) : HealthCheckResult.Unhealthy(why, data: data);
    }
}
