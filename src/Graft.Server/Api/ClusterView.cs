using System.Globalization;
using Graft.Consensus;
using Graft.Network;
using Microsoft.AspNetCore.Http;

namespace Graft.Server;

/// <summary>The cluster as this node sees it. Another node is asked only where that is said, and not waited for.</summary>
internal sealed class ClusterView
{
    // What a page of status may take is a second.
    private static readonly TimeSpan LeaderPatience = TimeSpan.FromMilliseconds(500);

    internal ClusterView(GraftNode node, NodeAddress address, ServerOptions options) =>
        (Node, Group, Address, Options) = (node, node.Group(), address, options);

    internal GraftNode Node { get; }

    internal GraftGroup Group { get; }

    /// <summary>Where this node is reached.</summary>
    internal NodeAddress Address { get; }

    internal ServerOptions Options { get; }

    internal bool IsVoter => Group.Members.IsVoter(Node.Id);

    internal string Scheme => Options.Tls is null ? "http" : "https";

    internal void SetServedBy(Exchange exchange) => exchange.SetHeader("X-RQLITE-SERVED-BY", Address.ToString());

    /// <summary>Sends the client to the leader if that is wanted and somewhere else.</summary>
    /// <returns>Whether it was; the answer is given then.</returns>
    /// <exception cref="RequestRefusedException">It's wanted, and nobody knows where the leader is.</exception>
    internal async Task<bool> TryRedirectAsync(Exchange exchange)
    {
        if (!exchange.Parameters.Has("redirect") || Group.IsLeader)
        {
            return false;
        }

        if (Group.Leader is not { } leader || Find(await Group.StatusAsync(), leader) is not { } address)
        {
            throw new RequestRefusedException(StatusCodes.Status503ServiceUnavailable, "leader not found");
        }

        exchange.Response.StatusCode = StatusCodes.Status301MovedPermanently;
        exchange.Response.Headers.Location = $"{Scheme}://{address}{exchange.Request.Path}{exchange.Request.QueryString}";
        return true;
    }

    /// <summary>Where a node is reached; null if nobody has said.</summary>
    internal NodeAddress? Find(GroupStatus status, NodeId node) =>
        node == Node.Id ? Address : status.Peers.FirstOrDefault(peer => peer.Node == node)?.Link?.Address;

    /// <summary>The members as their leader sees them; null if nobody is known to lead, or the leader doesn't answer at once.</summary>
    /// <remarks>A follower has no reason to reach other followers, so it knows neither where they are nor whether they are there.</remarks>
    internal async Task<MembersView?> AskLeaderAsync(CancellationToken cancellation)
    {
        if (Group.Leader is null)
        {
            return null;
        }

        try
        {
            return await Group.Roster.ListAsync(LeaderPatience, cancellation);
        }
        catch (GraftException)
        {
            return null;
        }
    }

    /// <summary>Whose id or address a text is.</summary>
    /// <returns>The id; null if the text is no id and nobody's address.</returns>
    internal NodeId? Parse(GroupStatus status, string text)
    {
        if (ulong.TryParse(text.StartsWith('n') ? text.AsSpan(1) : text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id))
        {
            return new NodeId(id);
        }

        foreach (Member member in status.Membership.Members)
        {
            if (Find(status, member.Id)?.ToString() == text)
            {
                return member.Id;
            }
        }

        return null;
    }

    /// <summary>Whether a member can be reached from here: this node itself always, another while its link is up.</summary>
    internal bool IsReachable(GroupStatus status, NodeId node) =>
        node == Node.Id || status.Peers.FirstOrDefault(peer => peer.Node == node)?.Link is { IsConnected: true };
}
