using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Graft;

/// <summary>Puts a node into a host.</summary>
public static class GraftServiceCollectionExtensions
{
    /// <summary>Adds a node with a replicated state machine; commands and answers travel as JSON, by reflection.</summary>
    /// <remarks>
    /// It adds <see cref="RaftNode{TMachine, TCommand, TResult}"/>, by which the application uses it, and what <see cref="GraftLiveness"/> and
    /// <see cref="GraftReadiness"/> need. The node starts and stops with the host;
    /// a start of the host fails with what <see cref="GraftNode.StartAsync(NodeOptions, Func{IStateMachine}, CancellationToken)"/> throws. A node that has failed, or was
    /// removed and asked to stop, ends the host.
    /// </remarks>
    /// <param name="services">The host's.</param>
    /// <param name="section">Has the <see cref="GraftOptions"/>. They're checked when the host starts, before a socket is opened: it fails with an <see cref="OptionsValidationException"/> then.</param>
    /// <exception cref="InvalidOperationException">It was called before: a host has one node.</exception>
    /// <typeparam name="TMachine">The state machine; one is made, by the container.</typeparam>
    /// <typeparam name="TCommand">What is replicated.</typeparam>
    /// <typeparam name="TResult">What it answers.</typeparam>
    /// <returns>The same services.</returns>
    [RequiresUnreferencedCode("JSON by reflection. Where code is trimmed, pass the JsonTypeInfo of both types.")]
    [RequiresDynamicCode("JSON by reflection. Where code is compiled ahead of time, pass the JsonTypeInfo of both types.")]
    public static IServiceCollection AddGraft<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TMachine, TCommand, TResult>(
        this IServiceCollection services, IConfiguration section)
        where TMachine : class, IStateMachine<TCommand, TResult> =>
        services.AddGraft<TMachine, TCommand, TResult>(
            section,
            (JsonTypeInfo<TCommand>)JsonSerializerOptions.Web.GetTypeInfo(typeof(TCommand)),
            (JsonTypeInfo<TResult>)JsonSerializerOptions.Web.GetTypeInfo(typeof(TResult)));

    /// <summary>Adds a node with a replicated state machine; commands and answers travel as JSON, by generated code.</summary>
    /// <param name="services">The host's.</param>
    /// <param name="section">Has the <see cref="GraftOptions"/>.</param>
    /// <param name="commands">How commands are written.</param>
    /// <param name="results">How answers are written.</param>
    /// <inheritdoc cref="AddGraft{TMachine, TCommand, TResult}(IServiceCollection, IConfiguration)"/>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "GraftOptions has properties of plain types only.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "GraftOptions has properties of plain types only.")]
    public static IServiceCollection AddGraft<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TMachine, TCommand, TResult>(
        this IServiceCollection services, IConfiguration section, JsonTypeInfo<TCommand> commands, JsonTypeInfo<TResult> results)
        where TMachine : class, IStateMachine<TCommand, TResult>
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        if (services.Any(static service => service.ServiceType == typeof(HostedNode)))
        {
            throw new InvalidOperationException(
                "AddGraft was called before, and a host has one node. Give that several groups, or start another by GraftNode.StartAsync.");
        }

        services.AddOptions<GraftOptions>().Bind(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GraftOptions>, GraftOptionsValidator>();
        services.AddSingleton<IValidateOptions<GraftOptions>>(new GraftSectionValidator(section));
        services.AddSingleton<TMachine>();
        var handle = new RaftNode<TMachine, TCommand, TResult>(commands, results);
        services.AddSingleton(handle);
        var hosted = new HostedNode();
        services.AddSingleton(hosted);
        services.TryAddSingleton(static provider => new GraftLiveness(provider.GetServices<HostedNode>()));
        services.TryAddSingleton(static provider => new GraftReadiness(provider.GetServices<HostedNode>()));
        services.AddHostedService(provider => new GraftService(
            provider.GetRequiredService<IOptions<GraftOptions>>(),
            () => new TypedStateMachine<TCommand, TResult>(provider.GetRequiredService<TMachine>(), commands, results),
            node =>
            {
                hosted.Node = node;
                handle.Use(node);
            },
            provider.GetRequiredService<IHostApplicationLifetime>(),
            provider.GetRequiredService<ILogger<GraftNode>>()));
        return services;
    }
}
