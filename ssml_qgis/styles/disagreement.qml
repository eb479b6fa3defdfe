<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis styleCategories="Symbology">
 <pipe-data-defined-properties>
  <Option type="Map">
   <Option value="" type="QString" name="name"/>
   <Option name="properties"/>
   <Option value="collection" type="QString" name="type"/>
  </Option>
 </pipe-data-defined-properties>
 <pipe>
  <provider>
   <resampling enabled="false" maxOversampling="2" zoomedOutResamplingMethod="nearestNeighbour" zoomedInResamplingMethod="nearestNeighbour"/>
  </provider>
  <rasterrenderer alphaBand="-1" type="singlebandpseudocolor" nodataColor="" opacity="1" classificationMax="1" band="1" classificationMin="0">
   <minMaxOrigin>
    <limits>None</limits>
    <extent>WholeRaster</extent>
    <statAccuracy>Estimated</statAccuracy>
    <cumulativeCutLower>0.02</cumulativeCutLower>
    <cumulativeCutUpper>0.98</cumulativeCutUpper>
    <stdDevFactor>2</stdDevFactor>
   </minMaxOrigin>
   <rastershader>
    <colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" minimumValue="0" maximumValue="1" labelPrecision="6">
     <colorramp type="gradient" name="[source]">
      <Option type="Map">
       <Option value="68,1,84,255" type="QString" name="color1"/>
       <Option value="253,231,37,255" type="QString" name="color2"/>
       <Option value="0" type="QString" name="discrete"/>
       <Option value="gradient" type="QString" name="rampType"/>
       <Option value="0.125;71,44,122,255:0.25;59,81,139,255:0.375;44,113,142,255:0.5;33,144,141,255:0.625;39,173,129,255:0.75;92,200,99,255:0.875;170,220,50,255" type="QString" name="stops"/>
      </Option>
      <prop v="68,1,84,255" k="color1"/>
      <prop v="253,231,37,255" k="color2"/>
      <prop v="0" k="discrete"/>
      <prop v="gradient" k="rampType"/>
      <prop v="0.125;71,44,122,255:0.25;59,81,139,255:0.375;44,113,142,255:0.5;33,144,141,255:0.625;39,173,129,255:0.75;92,200,99,255:0.875;170,220,50,255" k="stops"/>
     </colorramp>
     <item value="0" alpha="255" label="0" color="#440154"/>
     <item value="0.125" alpha="255" label="0.125" color="#472c7a"/>
     <item value="0.25" alpha="255" label="0.25" color="#3b518b"/>
     <item value="0.375" alpha="255" label="0.375" color="#2c718e"/>
     <item value="0.5" alpha="255" label="0.5" color="#21908d"/>
     <item value="0.625" alpha="255" label="0.625" color="#27ad81"/>
     <item value="0.75" alpha="255" label="0.75" color="#5cc863"/>
     <item value="0.875" alpha="255" label="0.875" color="#aadc32"/>
     <item value="1" alpha="255" label="1" color="#fde725"/>
     <rampLegendSettings useContinuousLegend="1" minimumLabel="" orientation="2" suffix=" σ" maximumLabel="" prefix="" direction="0">
      <numericFormat id="basic">
       <Option type="Map">
        <Option value="" type="QChar" name="decimal_separator"/>
        <Option value="6" type="int" name="decimals"/>
        <Option value="0" type="int" name="rounding_type"/>
        <Option value="false" type="bool" name="show_plus"/>
        <Option value="true" type="bool" name="show_thousand_separator"/>
        <Option value="false" type="bool" name="show_trailing_zeros"/>
        <Option value="" type="QChar" name="thousand_separator"/>
       </Option>
      </numericFormat>
     </rampLegendSettings>
    </colorrampshader>
   </rastershader>
  </rasterrenderer>
  <brightnesscontrast gamma="1" brightness="0" contrast="0"/>
  <huesaturation colorizeRed="255" colorizeStrength="100" colorizeBlue="128" invertColors="0" grayscaleMode="0" colorizeOn="0" colorizeGreen="128" saturation="0"/>
  <rasterresampler maxOversampling="2"/>
  <resamplingStage>resamplingFilter</resamplingStage>
 </pipe>
 <blendMode>0</blendMode>
</qgis>
